/* SPDX-License-Identifier: Apache-2.0 */
/* Forgets one meaning of messages.def's words, before the next. No guard: meant
 * to be included often. */
#undef U8
#undef U16
#undef U32
#undef U64
#undef BYTES
#undef STR
#undef BLOB
#undef RECORD
#undef LIST
#undef REC
#undef MSG
