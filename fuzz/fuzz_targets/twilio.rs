//! The decoder of `twilio`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tapemeasure_fuzz::check("twilio", bytes));
