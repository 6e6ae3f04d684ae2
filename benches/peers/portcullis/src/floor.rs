//! What the kernel alone takes: the least that any contender could take who sends, or asks for, the same bytes.

use std::io;

use portcullis::{
    Netfilter, Transaction,
    netlink::{KernelSocket, Recorder, Transport},
    wire::{GenMessage, Header, Messages, Writer, flags, message_type, nft},
};

use crate::{
    Outcome, Result, change,
    shapes::{self, INPUT},
    timed,
};

const BUFFER: usize = 64 << 10;

/// The floor of a workload; `None` where there is none.
pub(crate) fn run(workload: &str, size: u32) -> Result<Option<Outcome>> {
    if !crate::is_prepared() {
        change::prepare(workload, size)?;
    }
    Ok(Some(match workload {
        "list" | "snapshot" => dump()?,
        "restore" => Outcome::Whole(load(|| shapes::rules(size, shapes::facts))?),
        "small-transactions" => {
            let samples = (0..size).map(|index| load(|| change::add_one(index)));
            Outcome::Samples(samples.collect::<Result<_>>()?)
        }
        _ => match change::transaction_of(workload) {
            Some(build) => Outcome::Whole(load(|| build(size))?),
            None => return Ok(None),
        },
    }))
}

/// Gives the kernel with one `sendmsg` the very bytes that a commit would send, and reads its answers.
fn load(build: impl FnOnce() -> Transaction) -> Result<f64> {
    let mut recorder = Netfilter::with_transport(Recorder::new());
    recorder.commit(&build())?;
    let [bytes] = <[Vec<u8>; 1]>::try_from(recorder.into_transport().into_sent())
        .map_err(|sent| format!("a commit sent {} datagrams, not one", sent.len()))?;
    let mut socket = KernelSocket::open()?;
    let room = socket.make_room(bytes.len(), 0)?.send;
    if room < bytes.len() {
        return Err(format!("{} bytes must be sent at once; {room} may be", bytes.len()).into());
    }
    let mut buffer = vec![0; BUFFER];
    let mut answers = Vec::new();
    let seconds = timed(|| {
        socket.send(&[&bytes])?;
        drain(&mut socket, &mut buffer, |datagram| answers.extend_from_slice(datagram))?;
        Ok(())
    })?;
    let accepted: Vec<i32> = Messages::new(&answers).flatten().filter_map(errno).collect();
    match accepted.as_slice() {
        [] => Err("the kernel did not answer".into()),
        codes => match codes.iter().find(|code| **code != 0) {
            Some(code) => Err(io::Error::from_raw_os_error(-code).into()),
            None => Ok(seconds),
        },
    }
}

/// The number in an answer; 0 is an acknowledgement.
fn errno(message: GenMessage<'_>) -> Option<i32> {
    if message.header.kind != message_type::ERROR {
        return None;
    }
    message.body.first_chunk().map(|number| i32::from_ne_bytes(*number))
}

/// The chain's rules as the kernel dumps them, thrown away.
fn dump() -> Result<Outcome> {
    let (family, table, chain) = INPUT;
    let mut request = Vec::new();
    let header = Header { kind: nft::GETRULE, flags: flags::REQUEST | flags::DUMP, sequence: 1, port: 0 };
    header.write(&mut request, family.number(), 0, |body| {
        let mut writer = Writer::new(body);
        // NFTA_RULE_TABLE and NFTA_RULE_CHAIN
        writer.text(1, table);
        writer.text(2, chain);
    });
    let mut socket = KernelSocket::open()?;
    let mut buffer = vec![0; BUFFER];
    let mut received = 0;
    let seconds = timed(|| {
        socket.send(&[&request])?;
        drain(&mut socket, &mut buffer, |datagram| received += datagram.len())?;
        Ok(())
    })?;
    if received <= request.len() {
        return Err("the kernel dumped nothing".into());
    }
    Ok(Outcome::Whole(seconds))
}

/// Receives until there is nothing more.
fn drain(socket: &mut KernelSocket, buffer: &mut [u8], mut each: impl FnMut(&[u8])) -> io::Result<()> {
    loop {
        match socket.receive(buffer) {
            Ok(length) => each(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
