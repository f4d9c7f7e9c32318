#ifndef HUFU_TESTS_BENCH_PEERS_TRIP_H
#define HUFU_TESTS_BENCH_PEERS_TRIP_H

#include <stdint.h>

/*
 * The bare round trip: connect, send a question, take the answer, close. No more is done than it takes: no
 * deadline, no look at who serves. What is sent and answered is as large as Hufu's frames for the login that
 * the harness asks about.
 */
#define TRIP_QUESTION_SIZE 111
#define TRIP_ANSWER_SIZE   36

/** 0, or -1. *heard: when the server had the whole question (nanoseconds of CLOCK_REALTIME). */
int trip(const char *path, int64_t *heard);

/** Serves round trips, one after the other, until it is killed; or -1. */
int trip_serve(const char *path);

#endif
