//! The codec against bytes that others wrote. Needs no kernel and no C library.

mod golden;
