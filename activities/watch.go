package activities

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/sync/errgroup"

	"duradesk/mail"
	"duradesk/ticket"
)

// NameWatch is the activity's name. It reached histories: never changed.
const NameWatch = "Watch"

// Post opens mailboxes.
type Post interface {
	// Open connects, logs in and selects the folder. ErrAuth: the login was refused.
	Open(ctx context.Context, a ticket.Account, folder string) (Box, error)
}

// Box is an open mailbox.
type Box interface {
	// Folder returns UIDVALIDITY and the UID that the next mail will have.
	Folder() (uidvalidity, uidnext uint32)
	// UIDs lists the mails from a UID on, in ascending order.
	UIDs(ctx context.Context, from uint32) ([]uint32, error)
	// Fetch reads mails without changing anything on the server.
	Fetch(ctx context.Context, uids []uint32, fn func(uid uint32, raw []byte) error) error
	// Mark shows on the server, by a keyword, that mails were taken over. After an error some may be marked.
	Mark(ctx context.Context, uids []uint32) error
	// File is Mark for mailboxes that want something else done: seen, move, delete.
	File(ctx context.Context, uid uint32, after ticket.After) error
	// Copy stores a mail in a folder unless one with its Message-ID lies there.
	Copy(ctx context.Context, folder, mailID string, raw []byte) error
	// Wait returns when something may be new, at the latest after most.
	Wait(ctx context.Context, most time.Duration) error
	Close() error
}

// Mailboxes are the hands of a mailbox's workflow.
type Mailboxes struct {
	Intake Intake
	Post   Post
	Bell   Bell
	Keys   mail.Keys
	Log    *slog.Logger
	// WatchFor is how long one watch lasts; 0: 30 minutes. The workflow starts the next.
	WatchFor time.Duration
	Now      func() time.Time
}

const (
	watchFor = 30 * time.Minute
	lookAt   = time.Minute // a look from the cursor, whatever the server tells or does not; a mailbox may say otherwise
	window   = 200         // UIDs before the cursor that are looked at again: they may become visible out of order
	atOnce   = 50          // mails fetched before they are marked and the cursor moves
	poisoned = 3           // begun so often without an end, a mail goes to the quarantine
)

// Watch holds a mailbox's connection, takes in what comes, and returns after a while, or at once when its worker
// stops, so that another takes over. Every step is idempotent: raw first, then fate and command in one transaction,
// then the mark on the server.
func (m *Mailboxes) Watch(ctx context.Context, id string) error {
	stop := beat(ctx, 3*time.Second)
	defer stop()
	ctx, cancel := whileWorking(ctx)
	defer cancel()
	box, err := m.Intake.Mailbox(ctx, id)
	if err != nil {
		return verdict(err)
	}
	err = m.watch(ctx, box)
	if err == nil || ctx.Err() != nil {
		return nil
	}
	m.Log.WarnContext(ctx, "mailbox not read", "mailbox", id, "error", err)
	if errors.Is(err, ErrAuth) {
		return m.refused(context.WithoutCancel(ctx), box, err)
	}
	if errors.Is(err, ErrStopped) { // noted and told where it was found out
		return temporal.NewNonRetryableApplicationError(ErrStopped.Error(), TypeGone, nil)
	}
	if noted := m.Intake.Seen(context.WithoutCancel(ctx), id, "failed", err.Error()); noted != nil {
		m.Log.WarnContext(ctx, "mailbox state not noted", "mailbox", id, "error", noted)
	}
	return verdict(err)
}

// refused lets a refused login rest for a quarter of an hour, and after the third stops reading until a person has
// changed the settings: hammering would lock the account.
func (m *Mailboxes) refused(ctx context.Context, box ticket.Mailbox, err error) error {
	id := box.ID
	times, noted := m.Intake.Refused(ctx, id, box.Version, err.Error())
	if noted != nil {
		m.Log.WarnContext(ctx, "mailbox state not noted", "mailbox", id, "error", noted)
	}
	if noted == nil && times == 0 { // other settings have come: they are tried at once
		return temporal.NewApplicationErrorWithOptions(ErrAuth.Error(), TypeAuth, temporal.ApplicationErrorOptions{NextRetryDelay: time.Second})
	}
	if times >= ticket.LoginsRefused {
		m.Log.ErrorContext(ctx, "reading has stopped: the login was refused again and again; correct the mailbox's settings", "mailbox", id)
		return temporal.NewNonRetryableApplicationError("the login was refused again and again: reading has stopped until the settings change", TypeGone, nil)
	}
	return temporal.NewApplicationErrorWithOptions(ErrAuth.Error(), TypeAuth, temporal.ApplicationErrorOptions{NextRetryDelay: 15 * time.Minute})
}

// whileWorking ends when the worker is told to stop; the activity's own context ends only after the stop timeout.
func whileWorking(ctx context.Context) (context.Context, context.CancelFunc) {
	stopping := activity.GetWorkerStopChannel(ctx)
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

func (m *Mailboxes) watch(ctx context.Context, box ticket.Mailbox) error {
	open, err := m.Post.Open(ctx, box.IMAP, box.Folder)
	if err != nil {
		return err
	}
	defer func() { _ = open.Close() }()
	end := m.Now().Add(orElse(m.WatchFor, watchFor))
	if err := m.Intake.Seen(ctx, box.ID, "polling", ""); err != nil {
		return err
	}
	if box, err = m.contact(ctx, open, box); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := m.look(ctx, open, &box); err != nil {
			return err
		}
		left := end.Sub(m.Now())
		if left <= 0 {
			return nil
		}
		if err := open.Wait(ctx, min(orElse(box.Poll, lookAt), left)); err != nil {
			return err
		}
		version, err := m.Intake.MailboxVersion(ctx, box.ID)
		if err != nil || version != box.Version {
			return err // with other settings the next watch begins anew
		}
	}
	return nil
}

func orElse(d, other time.Duration) time.Duration {
	if d == 0 {
		return other
	}
	return d
}

// contact handles a first meeting, and a folder that was made anew: with another UIDVALIDITY no UID can be trusted, so
// all are looked at again, and what was taken in before is known by its content.
func (m *Mailboxes) contact(ctx context.Context, open Box, box ticket.Mailbox) (ticket.Mailbox, error) {
	validity, next := open.Folder()
	switch {
	case box.UIDValidity == validity:
		return box, nil
	case box.UIDValidity == 0 && !box.FromStart && next > 0:
		box.UIDValidity, box.LastUID, box.FirstUID = validity, next-1, next-1
	default:
		if box.UIDValidity != 0 {
			m.Log.WarnContext(ctx, "the mailbox was made anew on its server; reading it from the start", "mailbox", box.ID)
		}
		box.UIDValidity, box.LastUID, box.FirstUID = validity, 0, 0
	}
	return box, m.Intake.Begun(ctx, box.ID, box.UIDValidity, box.LastUID)
}

// look takes in whatever has no fate yet, from a window before the cursor on. What cannot be marked or copied on the
// server holds nothing up: it is told at the end, and tried again with the next connection.
func (m *Mailboxes) look(ctx context.Context, open Box, box *ticket.Mailbox) error {
	if err := m.again(ctx, *box); err != nil {
		return err
	}
	var unmarked error
	from := box.FirstUID + 1
	if box.LastUID > window {
		from = max(from, box.LastUID-window)
	}
	uids, err := open.UIDs(ctx, from)
	if err != nil {
		return err
	}
	known, err := m.Intake.Known(ctx, box.ID, box.UIDValidity, uids)
	if err != nil {
		return err
	}
	suspects, err := m.Intake.Suspects(ctx, box.ID, box.UIDValidity)
	if err != nil {
		return err
	}
	var fresh []uint32
	for _, u := range uids {
		if !known[u] && !slices.Contains(suspects, u) {
			fresh = append(fresh, u)
		}
	}
	for len(fresh) > 0 {
		n := min(atOnce, len(fresh))
		marked, err := m.takeIn(ctx, open, box, fresh[:n])
		if err != nil {
			return err
		}
		unmarked = errors.Join(unmarked, marked)
		fresh = fresh[n:]
		if len(fresh) > atOnce {
			m.Log.InfoContext(ctx, "taking in a backlog", "mailbox", box.ID, "left", len(fresh))
		}
	}
	marked, err := m.askAlone(ctx, open, box, suspects)
	if err != nil {
		return err
	}
	return errors.Join(unmarked, marked, m.copies(ctx, open, box.ID))
}

// takeIn settles some mails, then marks them on the server and moves the cursor: the server's state changes only after
// the commit. unmarked says why some could not be marked.
func (m *Mailboxes) takeIn(ctx context.Context, open Box, box *ticket.Mailbox, uids []uint32) (unmarked, err error) {
	var rings errgroup.Group
	rings.SetLimit(ringsAtOnce)
	p := piece{m: m, box: *box, rings: &rings}
	err = open.Fetch(ctx, uids, func(uid uint32, raw []byte) error { return p.add(ctx, uid, raw) })
	if last := p.settle(ctx); last != nil && (err == nil || errors.Is(err, ErrUnfetched)) {
		err = last // what came before the server hung up is settled, or nobody is to blame for the rest
	}
	_ = rings.Wait() // a bell that is not heard is no error
	settled := p.settled
	if err := m.suspect(ctx, *box, uids, settled, err); err != nil {
		return nil, err
	}
	marked, unmarked := m.mark(ctx, open, *box, settled)
	if len(marked) == 0 {
		return unmarked, nil
	}
	box.LastUID = max(box.LastUID, marked[len(marked)-1])
	return unmarked, m.Intake.Marked(ctx, box.ID, box.UIDValidity, marked)
}

// mark shows on the server that mails were taken in: all at once where it can be done so. marked are those of which the
// server knows.
func (m *Mailboxes) mark(ctx context.Context, open Box, box ticket.Mailbox, uids []uint32) (marked []uint32, unmarked error) {
	if box.After.ByKeyword() && len(uids) > 0 && open.Mark(ctx, uids) == nil {
		return uids, nil
	}
	for i, uid := range uids { // one by one, as far as the server lets us
		if unmarked = file(ctx, open, uid, box.After); unmarked != nil {
			m.Log.WarnContext(ctx, "a mail was taken in and cannot be marked on its server", "mailbox", box.ID, "uid", uid, "more", len(uids)-i-1, "error", unmarked)
			break
		}
		marked = append(marked, uid)
	}
	return marked, unmarked
}

func file(ctx context.Context, open Box, uid uint32, after ticket.After) error {
	if after.ByKeyword() {
		return open.Mark(ctx, []uint32{uid})
	}
	return open.File(ctx, uid, after)
}
