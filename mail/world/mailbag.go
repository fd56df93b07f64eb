package world

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
)

// A Message is a mail as it lies in a folder.
type Message struct {
	UID   imap.UID
	Flags []imap.Flag
	Raw   []byte
	// InternalDate is when it came.
	InternalDate time.Time
}

// Deliver puts a mail into the INBOX of a recipient, under its stem, with a Delivered-To field on top of the bytes
// as given. It is what the SMTP door does, without the door. When it returns the mail is durable.
func (w *World) Deliver(ctx context.Context, recipient string, raw []byte) (imap.UID, error) {
	if err := w.begin(ctx); err != nil {
		return 0, fmt.Errorf("deliver mail: %w", err)
	}
	defer w.store.leave()
	if _, err := stem(recipient); err != nil {
		return 0, fmt.Errorf("deliver mail: %w", err)
	}
	uids, err := w.store.deliver([]letter{{recipient, []byte(deliveredTo(recipient))}}, raw)
	if err != nil {
		return 0, fmt.Errorf("deliver mail: %w", err)
	}
	return uids[0], nil
}

// Append puts exactly these bytes into a folder, as IMAP's APPEND does. The folder must exist, INBOX always does.
func (w *World) Append(ctx context.Context, address, folder string, raw []byte, flags ...imap.Flag) (imap.UID, error) {
	if err := w.begin(ctx); err != nil {
		return 0, fmt.Errorf("append mail: %w", err)
	}
	defer w.store.leave()
	f, err := w.folder(address, folder)
	if err != nil {
		return 0, fmt.Errorf("append mail: %w", err)
	}
	return f.add(raw, flags, time.Time{})
}

// add stores a message; without a date it is dated now.
func (f *folder) add(raw []byte, flags []imap.Flag, date time.Time) (imap.UID, error) {
	if date.IsZero() {
		date = time.Now()
	}
	p, err := f.prepare(date, newFlagSet(flags), raw)
	if err != nil {
		return 0, err
	}
	uids, err := place([]placement{p})
	if err != nil {
		return 0, err
	}
	return uids[0], nil
}

// CreateFolder makes a folder in the mailbox of an address.
func (w *World) CreateFolder(ctx context.Context, address, folder string) error {
	if err := w.begin(ctx); err != nil {
		return fmt.Errorf("create folder: %w", err)
	}
	defer w.store.leave()
	inbox, err := w.folder(address, inboxName)
	if err != nil {
		return fmt.Errorf("create folder: %w", err)
	}
	return inbox.box.create(folder, nil)
}

// Messages returns what lies in a folder, in the order of UIDs. An address without a mailbox has none.
func (w *World) Messages(address, folder string) ([]Message, error) {
	name, err := stem(address)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	box := w.store.existing(name)
	if box == nil {
		return nil, nil
	}
	f, err := box.folder(folder)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	return f.contents()
}

func (f *folder) contents() ([]Message, error) {
	var messages []Message
	for _, m := range f.snapshot() {
		raw, err := f.read(m.uid)
		if errors.Is(err, fs.ErrNotExist) {
			continue // expunged meanwhile
		} else if err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		messages = append(messages, Message{m.uid, slices.Clone(m.flags), raw, m.date})
	}
	return messages, nil
}

// WaitMessages returns the INBOX of an address as soon as it holds at least n messages. It errs when ctx or the world
// ends before.
func (w *World) WaitMessages(ctx context.Context, address string, n int) ([]Message, error) {
	if err := w.begin(ctx); err != nil {
		return nil, fmt.Errorf("wait for messages: %w", err)
	}
	f, err := w.folder(address, inboxName)
	w.store.leave()
	if err != nil {
		return nil, fmt.Errorf("wait for messages: %w", err)
	}
	for {
		changed := f.watch()
		if have := len(f.snapshot()); have >= n {
			return f.contents()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %d messages, %d are there: %w", n, len(f.snapshot()), ctx.Err())
		case <-w.done:
			return nil, fmt.Errorf("wait for messages: %w", errClosed)
		}
	}
}

// Addresses returns the stems that have a mailbox, sorted.
func (w *World) Addresses() []string {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	addresses := make([]string, 0, len(w.store.boxes))
	for address := range w.store.boxes {
		addresses = append(addresses, address)
	}
	slices.Sort(addresses)
	return addresses
}

// ChangeUIDValidity gives a folder a new UIDVALIDITY, as a server does that lost its index; with newUIDs the messages
// are numbered from 1 again. Who has the folder selected is told BYE.
func (w *World) ChangeUIDValidity(ctx context.Context, address, folder string, newUIDs bool) (uint32, error) {
	if err := w.begin(ctx); err != nil {
		return 0, fmt.Errorf("change UIDVALIDITY: %w", err)
	}
	defer w.store.leave()
	f, err := w.folder(address, folder)
	if err != nil {
		return 0, fmt.Errorf("change UIDVALIDITY: %w", err)
	}
	validity, err := f.renumber(newUIDs)
	if err != nil {
		return 0, err
	}
	for _, s := range w.sessionsOn(f) {
		_ = s.conn.Bye("UIDVALIDITY has changed") // gone already is as well
	}
	return validity, nil
}

// Disconnect ends every connection of a mailbox at the IMAP door, without a word, and returns how many there were.
func (w *World) Disconnect(address string) int {
	name, err := stem(address)
	if err != nil {
		return 0
	}
	w.mu.Lock()
	var found []*session
	for s := range w.sessions {
		if box := s.login(); box != nil && box.address == name {
			found = append(found, s)
		}
	}
	w.mu.Unlock()
	for _, s := range found {
		_ = s.wire.Close() // the client may have been faster
	}
	return len(found)
}

func (w *World) sessionsOn(f *folder) []*session {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []*session
	for s := range w.sessions {
		if v := s.selected(); v != nil && v.folder == f {
			found = append(found, s)
		}
	}
	return found
}

// begin checks that work may still be begun; store.leave must follow unless it errs.
func (w *World) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return w.store.enter()
}

// folder returns a folder; the mailbox is made if there is none.
func (w *World) folder(address, name string) (*folder, error) {
	base, err := stem(address)
	if err != nil {
		return nil, err
	}
	box, err := w.store.mailbox(base)
	if err != nil {
		return nil, err
	}
	return box.folder(name)
}
