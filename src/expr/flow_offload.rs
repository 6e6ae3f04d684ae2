//! `flow_offload`: take a connection out of the slow path (`net/netfilter/nft_flow_offload.c`).

use super::expression;

expression! {
    /// Adds the packet's connection to a flow table: nft's `flow add @table`.
    pub struct FlowOffload = "flow_offload" {
        /// The flow table's name.
        table: String = NFTA_FLOW_TABLE_NAME(1),
        ;;
    }
}
