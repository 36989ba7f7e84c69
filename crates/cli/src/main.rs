//! `tape`: the command line of tapemeasure.

fn main() {}
