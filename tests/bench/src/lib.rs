//! What `scripts/bench` measures with. Everything blocks: on a machine that the clients share with what
//! they measure, a thread that waits in a read costs least.

pub mod floor;
pub mod http;
pub mod mysql;
pub mod start;
pub mod watch;
