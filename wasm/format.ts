// Those numbers of src/log/format/bytes.ts that the core needs, for AssemblyScript. That file has the drawing of the bytes; a
// test compares the two.

export const RECORD_BYTES: u32 = 64;
export const HEADER_MAGIC: u32 = 0x48465344;
export const TRAILER_MAGIC: u32 = 0x54465344;
export const RECORD_KIND: usize = 4;
export const RECORD_FLAGS: usize = 5;
export const RECORD_SALT: usize = 8;
export const RECORD_COUNT: usize = 24;
export const RECORD_METADATA_BYTES: usize = 28;
export const RECORD_DATA_BYTES: usize = 32;
export const RECORD_HEAD_CRC: usize = 36;
export const RECORD_TIME: usize = 40;
export const RECORD_ANCHOR_ID: usize = 48;
export const RECORD_CRC: usize = 60;

export const KIND_EVENTS: u32 = 1;
export const KIND_CHUNK: u32 = 3;

export const FLAG_LOST: u32 = 8;

export const FRAME_EVENTS_MAX: u32 = 1048576;
export const METADATA_BYTES_MAX: u32 = 16777216;
export const FRAME_DATA_BYTES_MAX: u32 = 16777216;

export const INDEX_ENTRY_BYTES: u32 = 32;
export const INDEX_ID: usize = 0;
export const INDEX_TIME: usize = 8;
export const INDEX_OFFSET: usize = 16;
export const INDEX_SALT: usize = 24;
export const INDEX_CRC: usize = 28;
