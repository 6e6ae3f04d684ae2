//! Tests against the kernel, each in network namespaces of its own: as root, or under `unshare -Urn`.

mod support;

mod transactions;
