#ifndef HUFU_AUDIT_MESSAGE_H
#define HUFU_AUDIT_MESSAGE_H

#include "broker/audit/record.h"
#include "policy/base/buf.h"

/** One English sentence, without a full stop, that says to an operator what a record means: "zhang.san
 * refused on sshd from 10.1.2.3: revoked (grant 0123..., ticket CHG-1)". Text from outside that is not
 * plainly visible has `?` in the place of each such octet. Errors are the buffer's. */
void message_render(const struct record *r, struct buf *b);

#endif
