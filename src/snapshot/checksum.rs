//! CRC-32 (IEEE 802.3), with which a snapshot's lines are checked.
//!
//! It finds every change of a single byte, and all but one of four billion others: enough against damage. It is no
//! protection against somebody who changes a file on purpose; that is what file permissions and signatures are for.

/// The polynomial, bits reversed.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// What each byte does to an empty register.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut register = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            register = if register & 1 == 1 { POLYNOMIAL ^ (register >> 1) } else { register >> 1 };
            bit += 1;
        }
        table[byte] = register;
        byte += 1;
    }
    table
};

/// A checksum of everything so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checksum {
    register: u32,
}

impl Checksum {
    pub(super) const fn new() -> Self {
        Self { register: !0 }
    }

    /// Goes on with more bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.register = bytes.iter().fold(self.register, |register, byte| {
            let [low, ..] = register.to_le_bytes();
            // The index is a byte, the table has 256 places.
            TABLE[usize::from(low ^ byte)] ^ (register >> 8)
        });
    }

    /// The checksum of what there was so far.
    pub(super) const fn value(self) -> u32 {
        !self.register
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_well_known_one() {
        // python3 -c 'import zlib; print(hex(zlib.crc32(b"123456789")), hex(zlib.crc32(b"")))'
        let mut checksum = Checksum::new();
        assert_eq!(checksum.value(), 0);
        checksum.update(b"1234");
        checksum.update(b"56789");
        assert_eq!(checksum.value(), 0xcbf4_3926);
    }
}
