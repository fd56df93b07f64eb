package doctor

import (
	"context"
	"errors"
	"os"
	"strings"

	"duradesk/postgres"
	"duradesk/ticket"
)

// database reports whether the record can be looked at: it answers, and its schema is ours.
func (x *examination) database(ctx context.Context) bool {
	if err := x.Store.Ping(ctx); err != nil {
		x.say("database", Error, "database_away", "why", line(err))
		return false
	}
	x.say("database", OK, "database")
	have, want, err := x.Store.SchemaVersion(ctx)
	switch {
	case err != nil:
		x.say("schema", Error, "schema_unreadable", "why", line(err))
		return false
	case have < want:
		x.say("schema", Error, "schema_behind", "have", count(have), "want", count(want))
		return false
	case have > want:
		x.say("schema", Error, "schema_ahead", "have", count(have), "want", count(want))
		return false
	}
	x.say("schema", OK, "schema", "have", count(have))
	return true
}

// record looks at what the desk has in hand: commands, timers, mail.
func (x *examination) record(ctx context.Context) {
	before := x.Now()
	c, err := x.Store.Checkup(ctx)
	if err != nil {
		x.say("record", Error, "record_unreadable", "why", line(err))
		return
	}
	x.dataDir = c.DataDir
	// The database read its clock between two looks at ours.
	skew := c.Now.Sub(before)
	if after := x.Now(); c.Now.After(after) {
		skew = c.Now.Sub(after)
	} else if c.Now.After(before) {
		skew = 0
	}
	x.skew = skew
	x.judge("clock", skew.Abs() > maxSkew, Error, "clock_skew", "by", span(skew.Abs()))
	x.judge("commands", c.OldestWait > unappliedFor, Error, "commands_unapplied", "count", count(c.Unapplied), "age", span(c.OldestWait))
	x.judge("timers", c.Lost > 0, Error, "timers_lost", "count", count(c.Lost), "ticket", count(int(c.LostTicket)), "age", span(c.LostSince))
	x.judge("lateness", c.Lateness > lateTimers, Warning, "timers_late", "by", span(c.Lateness))
	x.judge("mail_uncertain", c.Uncertain > 0, Warning, "mail_uncertain_found", "count", count(c.Uncertain))
	x.judge("mail_failed", c.Failed > 0, Warning, "mail_failed_found", "count", count(c.Failed))
	x.judge("mail_overdue", c.Overdue > 0, Warning, "mail_overdue_found", "count", count(c.Overdue))
	x.judge("quarantine", c.Quarantine > 0, Warning, "quarantined", "count", count(c.Quarantine))
	if err := x.Store.ProveKey(ctx, false); errors.Is(err, postgres.ErrKeyChanged) {
		x.say("secret_key", Error, "key_changed")
	} else if err != nil {
		x.say("secret_key", Error, "record_unreadable", "why", line(err))
	} else {
		x.formerKeys(ctx)
	}
	for _, m := range c.Mailboxes {
		x.mailbox(ctx, m)
	}
}

// formerKeys tells a change of the secret key that was not brought to its end.
func (x *examination) formerKeys(ctx context.Context) {
	n, err := x.Store.FormerlySealed(ctx)
	switch {
	case err != nil:
		x.say("secret_key", Error, "record_unreadable", "why", line(err))
	case n > 0:
		x.say("secret_key", Warning, "key_former", "count", count(n))
	default:
		x.say("secret_key", OK, "secret_key")
	}
}

// judge says what is wrong, or that the check found nothing.
func (x *examination) judge(check string, wrong bool, level Level, code string, args ...string) {
	if wrong {
		x.say(check, level, code, args...)
		return
	}
	x.say(check, OK, check)
}

// mailbox looks at one: whether it lets us in, is looked at, and holds what its ledger says.
func (x *examination) mailbox(ctx context.Context, m postgres.MailboxCheckup) {
	why := strings.TrimSpace(m.Error + " " + m.Alert)
	switch {
	case m.Refused >= ticket.LoginsRefused:
		x.say("mailbox", Error, "mailbox_refused", "mailbox", m.Address, "why", why)
		return
	case m.State == "failed":
		x.say("mailbox", Error, "mailbox_failed", "mailbox", m.Address, "why", why)
		return
	case !m.Seen:
		x.say("mailbox", Warning, "mailbox_unseen", "mailbox", m.Address)
	case m.SeenAgo > mailboxLag:
		x.say("mailbox", Error, "mailbox_lag", "mailbox", m.Address, "age", span(m.SeenAgo))
	default:
		x.say("mailbox", OK, "mailbox", "mailbox", m.Address)
	}
	if m.Resting {
		x.say("mailbox", Warning, "mailbox_resting", "mailbox", m.Address, "why", why)
	}
	if x.Reconcile != nil && m.Seen {
		x.reconcile(ctx, m)
	}
}

func (x *examination) reconcile(ctx context.Context, m postgres.MailboxCheckup) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := x.Reconcile(ctx, m.ID)
	switch {
	case err != nil:
		x.say("ledger", Error, "mailbox_failed", "mailbox", m.Address, "why", line(err))
	case len(r.Missing)+len(r.Unsettled) > 0:
		x.say("ledger", Error, "ledger_differs", "mailbox", m.Address, "on_server", count(r.OnServer), "missing", count(len(r.Missing)), "unsettled", count(len(r.Unsettled)))
	default:
		x.say("ledger", OK, "ledger", "mailbox", m.Address, "on_server", count(r.OnServer))
	}
}

// disks looks at what is free on the disks that the desk writes to.
func (x *examination) disks() {
	folders := x.Disks
	if x.dataDir != "" {
		if _, err := os.Stat(x.dataDir); err == nil { // Postgres runs on this machine
			folders = append([]string{x.dataDir}, folders...)
		}
	}
	for _, folder := range folders {
		free, err := freeBytes(folder)
		switch {
		case err != nil:
			x.say("disk", Warning, "disk_unknown", "folder", folder, "why", line(err))
		case free < x.DiskFree:
			x.say("disk", Error, "disk_full", "folder", folder, "free", megabytes(free), "want", megabytes(x.DiskFree))
		default:
			x.say("disk", OK, "disk", "folder", folder, "free", megabytes(free))
		}
	}
}

func megabytes(n uint64) string { return count(int(n>>20)) + " MB" } // no disk has 8 EB

// line is an error on one line.
func line(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
