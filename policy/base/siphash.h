#ifndef HUFU_BASE_SIPHASH_H
#define HUFU_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_SIZE 16

/** SipHash-2-4 (Aumasson, Bernstein 2012): without the key nobody can make keys that collide. */
uint64_t siphash(const uint8_t key[static SIPHASH_KEY_SIZE], const void *octets, size_t size);

#endif
