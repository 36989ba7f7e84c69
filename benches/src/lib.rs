//! Timings of single steps of the way of the data, over an archive of your own: see `src/bin`.
