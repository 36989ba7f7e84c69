//! The decoder of `zendesk`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tapemeasure_fuzz::check("zendesk", bytes));
