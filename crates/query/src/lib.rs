//! KPI definitions as SQL over facts, on DataFusion.
