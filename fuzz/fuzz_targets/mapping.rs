//! Mapping files, and the decoders that they make.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tapemeasure_fuzz::check_mapping(bytes));
