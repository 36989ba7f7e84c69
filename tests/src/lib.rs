//! Whole-program tests of tape.
