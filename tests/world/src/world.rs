//! Ready worlds.

use crate::{Host, link};

/// Makes ready worlds.
#[derive(Debug)]
pub struct World;

impl World {
    /// Two hosts on one link, both families:
    ///
    /// ```text
    /// client eth0 ───────────── eth0 server
    ///   10.0.1.1/24         10.0.1.2/24
    ///   fd00:1::1/64        fd00:1::2/64
    /// ```
    pub fn pair() -> Pair {
        let pair = Pair { client: Host::new("client"), server: Host::new("server") };
        link(&pair.client, "eth0", &pair.server, "eth0");
        pair.client.address("eth0", "10.0.1.1/24");
        pair.client.address("eth0", "fd00:1::1/64");
        pair.server.address("eth0", "10.0.1.2/24");
        pair.server.address("eth0", "fd00:1::2/64");
        pair
    }

    /// Two hosts on a switch, which has no addresses; both families:
    ///
    /// ```text
    /// client eth0 ────── port1  switch (bridge br0)  port2 ────── eth0 server
    ///   10.0.1.1/24                                           10.0.1.2/24
    ///   fd00:1::1/64                                          fd00:1::2/64
    /// ```
    pub fn switched() -> Switched {
        let switched = Self::unswitched();
        switched.switch.bridge("br0", &["port1", "port2"]);
        switched
    }

    /// The same without the bridge `br0`: to be made otherwise.
    pub fn unswitched() -> Switched {
        let switched = Switched {
            client: Host::new("client"),
            switch: Host::new("switch"),
            server: Host::new("server"),
        };
        link(&switched.client, "eth0", &switched.switch, "port1");
        link(&switched.server, "eth0", &switched.switch, "port2");
        for (host, number) in [(&switched.client, 1), (&switched.server, 2)] {
            host.address("eth0", &format!("10.0.1.{number}/24"));
            host.address("eth0", &format!("fd00:1::{number}/64"));
        }
        switched
    }

    /// A forwarding router between a client, a stranger, and an inner network of two backends, both families:
    ///
    /// ```text
    /// client eth0 ─────────── eth0            lan (bridge) ───── eth0 backend1
    ///   10.0.1.1/24    10.0.1.254/24          192.168.1.1/24     192.168.1.2/24
    ///   fd00:1::1/64   fd00:1::fe/64  router  fd00:192::1/64     fd00:192::2/64
    /// stranger eth0 ───────── eth1                  │
    ///   10.0.2.1/24    10.0.2.254/24                └─────────── eth0 backend2
    ///   fd00:2::1/64   fd00:2::fe/64                             192.168.1.3/24
    ///                                                            fd00:192::3/64
    /// ```
    /// Everybody's default route is the router. The bridge's ports are `lan1` and `lan2`.
    pub fn routed() -> Routed {
        let routed = Routed {
            client: Host::new("client"),
            stranger: Host::new("stranger"),
            router: Host::new("router"),
            backend1: Host::new("backend1"),
            backend2: Host::new("backend2"),
        };
        let Routed { client, stranger, router, backend1, backend2 } = &routed;

        link(client, "eth0", router, "eth0");
        link(stranger, "eth0", router, "eth1");
        link(backend1, "eth0", router, "lan1");
        link(backend2, "eth0", router, "lan2");
        router.bridge("lan", &["lan1", "lan2"]);
        router.forward();

        let addresses = [
            (router, "eth0", "10.0.1.254/24", "fd00:1::fe/64"),
            (router, "eth1", "10.0.2.254/24", "fd00:2::fe/64"),
            (router, "lan", "192.168.1.1/24", "fd00:192::1/64"),
            (client, "eth0", "10.0.1.1/24", "fd00:1::1/64"),
            (stranger, "eth0", "10.0.2.1/24", "fd00:2::1/64"),
            (backend1, "eth0", "192.168.1.2/24", "fd00:192::2/64"),
            (backend2, "eth0", "192.168.1.3/24", "fd00:192::3/64"),
        ];
        for (host, interface, v4, v6) in addresses {
            host.address(interface, v4);
            host.address(interface, v6);
        }
        let gateways = [
            (client, "10.0.1.254", "fd00:1::fe"),
            (stranger, "10.0.2.254", "fd00:2::fe"),
            (backend1, "192.168.1.1", "fd00:192::1"),
            (backend2, "192.168.1.1", "fd00:192::1"),
        ];
        for (host, v4, v6) in gateways {
            host.default_route(v4);
            host.default_route(v6);
        }
        routed
    }
}

/// See [`World::pair`].
#[derive(Clone, Debug)]
pub struct Pair {
    /// `10.0.1.1`, `fd00:1::1`.
    pub client: Host,
    /// `10.0.1.2`, `fd00:1::2`.
    pub server: Host,
}

/// See [`World::switched`].
#[derive(Clone, Debug)]
pub struct Switched {
    /// `10.0.1.1`, `fd00:1::1`.
    pub client: Host,
    /// Its bridge is `br0`, its ports are `port1` and `port2`.
    pub switch: Host,
    /// `10.0.1.2`, `fd00:1::2`.
    pub server: Host,
}

/// See [`World::routed`].
#[derive(Clone, Debug)]
pub struct Routed {
    /// `10.0.1.1`, `fd00:1::1`.
    pub client: Host,
    /// `10.0.2.1`, `fd00:2::1`: reaches the router, is not to be trusted.
    pub stranger: Host,
    /// `10.0.1.254` and `10.0.2.254` outside, `192.168.1.1` inside; `fd00:1::fe`, `fd00:2::fe`, `fd00:192::1`.
    pub router: Host,
    /// `192.168.1.2`, `fd00:192::2`.
    pub backend1: Host,
    /// `192.168.1.3`, `fd00:192::3`.
    pub backend2: Host,
}
