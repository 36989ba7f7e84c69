//! The decoder of `front`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tapemeasure_fuzz::check("front", bytes));
