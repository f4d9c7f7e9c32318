/* Added to policy/base of the copy that is mutated. HUFU_MUTANT is the number of the mutant that lives;
 * HUFU_MUTATION_SEEN names a file with an octet for each function, which is set when the function is called.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

extern int hufu_mutant;
extern unsigned char *hufu_mutation_seen;

int hufu_mutant;
unsigned char *hufu_mutation_seen;

static void share(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *seen;

    if (fd < 0)
        return;
    seen = fstat(fd, &st) == 0 ? mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                               : MAP_FAILED;
    if (seen != MAP_FAILED)
        hufu_mutation_seen = seen;
    (void)close(fd);
}

/* Before the constructors that change tables. */
__attribute__((constructor(101))) static void begin(void)
{
    const char *mutant = getenv("HUFU_MUTANT"), *seen = getenv("HUFU_MUTATION_SEEN");

    hufu_mutant = mutant ? atoi(mutant) : 0;
    if (seen)
        share(seen);
}
