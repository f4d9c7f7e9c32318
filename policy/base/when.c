#include "policy/base/when.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Dates are the proleptic Gregorian calendar. Days are counted in eras of 400 years that begin on 1 March, so
 * that the leap day is the last day of its year and needs no case of its own.
 */

#define SECONDS_PER_DAY ((when_t)86400)
#define DAYS_PER_ERA    146097
#define DAYS_TO_1970    719468                 /* from 0000-03-01 to 1970-01-01 */
#define WHEN_LAST       ((when_t)253402300799) /* 9999-12-31T23:59:59Z */

static const char when_shape[] = "dddd-dd-ddTdd:dd:ddZ";

static unsigned digits(const char *text, size_t count)
{
    unsigned value = 0;

    for (size_t i = 0; i < count; i++)
        value = value * 10 + (unsigned)(text[i] - '0');
    return value;
}

static bool has_shape(const char *text)
{
    for (size_t i = 0; i < sizeof(when_shape) - 1; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';

        if (when_shape[i] == 'd' ? !digit : text[i] != when_shape[i])
            return false;
    }
    return true;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29U : days[month - 1];
}

static int64_t days_from_civil(unsigned year, unsigned month, unsigned day)
{
    unsigned y = month <= 2 ? year - 1 : year;
    unsigned era = y / 400, year_of_era = y % 400;
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return (int64_t)era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

/* `days` since 1970-01-01, not negative. */
static void civil_from_days(int64_t days, unsigned *year, unsigned *month, unsigned *day)
{
    unsigned z = (unsigned)(days + DAYS_TO_1970);
    unsigned era = z / DAYS_PER_ERA, doe = z % DAYS_PER_ERA;
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned m = (5 * doy + 2) / 153;

    *day = doy - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = yoe + era * 400 + (*month <= 2 ? 1 : 0);
}

int when_parse(const char *text, size_t length, when_t *ret)
{
    unsigned year, month, day, hour, minute, second;

    *ret = 0;
    if (length != WHEN_TEXT_SIZE - 1 || !has_shape(text))
        return -EINVAL;
    year = digits(text, 4);
    month = digits(text + 5, 2);
    day = digits(text + 8, 2);
    hour = digits(text + 11, 2);
    minute = digits(text + 14, 2);
    second = digits(text + 17, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return -EINVAL;
    if (hour > 23 || minute > 59 || second > 59)
        return -EINVAL;
    *ret = days_from_civil(year, month, day) * SECONDS_PER_DAY + (when_t)hour * 3600 + (when_t)minute * 60 +
           second;
    return 0;
}

void when_format(when_t t, char text[static WHEN_TEXT_SIZE])
{
    unsigned year, month, day, second;

    if (t < 0 || t > WHEN_LAST) {
        memcpy(text, "never", sizeof("never"));
        return;
    }
    civil_from_days(t / SECONDS_PER_DAY, &year, &month, &day);
    second = (unsigned)(t % SECONDS_PER_DAY);
    /* The remainders change nothing; they let the compiler see that the text fits. */
    snprintf(text, WHEN_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", year % 10000, month % 100, day % 100,
             second / 3600 % 24, second / 60 % 60, second % 60);
}

unsigned when_weekday(when_t t, int32_t offset_seconds)
{
    when_t second = t % SECONDS_PER_DAY + offset_seconds;
    when_t day = t / SECONDS_PER_DAY % 7 + second / SECONDS_PER_DAY - (second % SECONDS_PER_DAY < 0 ? 1 : 0);

    /* 1970-01-01 was a Thursday. */
    return (unsigned)(((day + 3) % 7 + 7) % 7);
}
