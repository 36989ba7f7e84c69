//! The decoder of `chatwoot`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tapemeasure_fuzz::check("chatwoot", bytes));
