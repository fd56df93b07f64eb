package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Why an automatic mail was not sent: words that stand in the event.
const (
	whyUndeliverable = "address_undeliverable"     // the address bounced for good, or its owner complained
	whyAddress       = "too_many_acknowledgements" // to this address, in an hour or a day
	whyTicket        = "too_many_automatic_mails"  // of this ticket, in ten minutes
	whyPingPong      = "ping_pong"                 // a machine answers each of our mails within a minute
	whyMailbox       = "mailbox_breaker"           // of this mailbox, in an hour
)

// pingPong is how many mails may come within ten minutes, each at most a minute after one of ours.
const pingPong = 3

// breakerAlert is what operators see while a mailbox answers nothing automatically.
const breakerAlert = "automatic answers have stopped: too many in an hour; look for a loop"

// answering is what is counted before a mail is answered automatically (MAIL §3): a machine that answers each of ours
// with a new one, and shows by no header that it is one, is ended by a count only.
type answering struct {
	mailbox, alert            string
	hour, day, box, ticket    int // how many there were
	toHour, toDay, toBox, ofT int // how many there may be
	pingPong                  int
	undeliverable             bool
}

const countAnswers = `
with box as (` + mailboxOfTicket + `)
select coalesce(b.id::text, ''), coalesce(b.alert, ''),
  coalesce(b.acks_address_hour, 5), coalesce(b.acks_address_day, 20), coalesce(b.acks_hour, 200), coalesce(b.automatics_ticket, 10),
  (select count(*) from acknowledgements where address = $2 and at > $3::timestamptz - interval '1 hour'),
  (select count(*) from acknowledgements where address = $2 and at > $3::timestamptz - interval '1 day'),
  (select count(*) from acknowledgements where mailbox = b.id and at > $3::timestamptz - interval '1 hour'),
  (select count(*) from deliveries where ticket = $1 and message is null and agent is null and created_at > $3::timestamptz - interval '10 minutes'),
  (select count(*) from messages m where m.ticket = $1 and m.by_kind = 'client' and m.raw is not null and m.at > $3::timestamptz - interval '10 minutes'
    and exists (select from deliveries d where d.ticket = m.ticket and d.agent is null and d.finished_at between m.at - interval '1 minute' and m.at)),
  exists (select from undeliverable where address = $2)
from (values (1)) one left join box b on true`

// mailboxOfTicket is the mailbox through which the mail of ticket $1 leaves: the one that its mail came to, else that of
// the desk's address, else any of the desk.
const mailboxOfTicket = `select m.* from tickets t join desks d on d.key = t.desk join mailboxes m on m.desk = t.desk and m.removed_at is null` + nearestMailbox

// mailboxOfNotice is that through which staff hear of ticket $1: another desk's, where its own has none. A desk that only
// helps others needs no mailbox, and its people want to know all the same.
const mailboxOfNotice = `select m.* from tickets t join desks d on d.key = t.desk join mailboxes m on m.removed_at is null` + nearestMailbox

const nearestMailbox = `
	where t.number = $1 order by (m.desk = t.desk) desc, (m.id = t.mailbox) desc nulls last, (m.address = d.address) desc, m.enabled desc, m.address limit 1`

// box is the mailbox through which a mail leaves.
func (d *delivery) box() string {
	if d.agent != "" {
		return mailboxOfNotice
	}
	return mailboxOfTicket
}

// mayAnswer says through which mailbox an automatic mail to an address may leave, or why none may. It counts under a
// lock on the address, so that mails taken in at the same time do not all pass.
func (a *applying) mayAnswer(ctx context.Context, address string, at time.Time) (mailbox, why string, err error) {
	var n answering
	b := &pgx.Batch{}
	b.Queue(`select pg_advisory_xact_lock(hashtextextended('answers to ' || $1, 0))`, address)
	b.Queue(countAnswers, a.row.number, address, at).QueryRow(func(row pgx.Row) error {
		return row.Scan(&n.mailbox, &n.alert, &n.toHour, &n.toDay, &n.toBox, &n.ofT, &n.hour, &n.day, &n.box, &n.ticket, &n.pingPong, &n.undeliverable)
	})
	if err := send(ctx, a.tx, b); err != nil {
		return "", "", fmt.Errorf("count acknowledgements: %w", err)
	}
	why = n.verdict()
	switch {
	case why == whyMailbox && n.alert == "":
		a.writes.Queue(`update mailboxes set alert = $2, alert_at = clock_timestamp() where id = $1`, n.mailbox, breakerAlert)
	case why == "" && n.alert == breakerAlert:
		a.writes.Queue(`update mailboxes set alert = null, alert_at = null where id = $1`, n.mailbox)
	}
	return n.mailbox, why, nil
}

func (n answering) verdict() string {
	switch {
	case n.undeliverable:
		return whyUndeliverable
	case n.hour >= n.toHour || n.day >= n.toDay:
		return whyAddress
	case n.ticket >= n.ofT:
		return whyTicket
	case n.pingPong >= pingPong:
		return whyPingPong
	case n.box >= n.toBox:
		return whyMailbox
	}
	return ""
}
