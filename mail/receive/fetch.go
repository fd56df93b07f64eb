package receive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Mail is one fetched mail.
type Mail struct {
	UID          uint32
	Size         int64 // as the server says
	InternalDate time.Time
	Flags        []string
	// Raw are the bytes; of a mail above the size limit only the beginning (Cut).
	Raw []byte
	Cut bool
}

// Listing is what is known of a mail before it is fetched.
type Listing struct {
	UID          uint32
	Size         int64
	InternalDate time.Time
	Flags        []string
}

// List tells UID, size, date and flags of the mails with a UID of at least from, in ascending order. It asks for no
// ENVELOPE and no BODYSTRUCTURE, which one odd mail can make unreadable.
func (m *Mailbox) List(ctx context.Context, from uint32) ([]Listing, error) {
	return m.list(ctx, imap.UIDSet{imap.UIDRange{Start: imap.UID(max(from, 1)), Stop: 0}}, from)
}

func (m *Mailbox) list(ctx context.Context, set imap.UIDSet, from uint32) ([]Listing, error) {
	var list []Listing
	err := m.run(ctx, "list mails", func() error {
		messages, err := m.client.Fetch(set, &imap.FetchOptions{
			UID: true, RFC822Size: true, InternalDate: true, Flags: true,
		}).Collect()
		for _, msg := range messages {
			// "n:*" always includes the last mail, even one below n (RFC 9051 §9).
			if uint32(msg.UID) >= from && msg.UID != 0 {
				list = append(list, Listing{uint32(msg.UID), msg.RFC822Size, msg.InternalDate, flagNames(msg.Flags)})
			}
		}
		return err
	})
	slices.SortFunc(list, func(a, b Listing) int { return int(int64(a.UID) - int64(b.UID)) })
	return slices.CompactFunc(list, func(a, b Listing) bool { return a.UID == b.UID }), err
}

func flagNames(flags []imap.Flag) []string {
	names := make([]string, 0, len(flags))
	for _, f := range flags {
		names = append(names, string(f))
	}
	return names
}

// Fetch reads the mails with these UIDs, in ascending order, and hands each to fn. Sizes are asked first: of a mail
// above the limit only its beginning is fetched. A UID that is gone is passed over. An error of fn ends the fetching and
// is returned as it is. Nothing on the server changes (BODY.PEEK).
func (m *Mailbox) Fetch(ctx context.Context, uids []uint32, fn func(Mail) error) error {
	const batch = 500
	uids = slices.Clone(uids)
	slices.Sort(uids)
	uids = slices.Compact(uids)
	for chunk := range slices.Chunk(uids, batch) {
		set := imap.UIDSet{}
		for _, uid := range chunk {
			set.AddNum(imap.UID(uid))
		}
		list, err := m.list(ctx, set, 1)
		if err != nil {
			return err
		}
		if err := m.fetchListed(ctx, list, fn); err != nil {
			return err
		}
	}
	return nil
}

// FetchFrom is Fetch for all UIDs of at least from.
func (m *Mailbox) FetchFrom(ctx context.Context, from uint32, fn func(Mail) error) error {
	list, err := m.List(ctx, from)
	if err != nil {
		return err
	}
	return m.fetchListed(ctx, list, fn)
}

// fetchListed fetches in groups of bounded size, so that neither many small mails cost a round trip each nor many large
// ones lie in memory together. fn runs between the commands, never during one: the connection is idle while it works.
func (m *Mailbox) fetchListed(ctx context.Context, list []Listing, fn func(Mail) error) error {
	const groupMails, groupBytes = 50, 4 << 20
	for len(list) > 0 {
		if list[0].Size > m.config.MaxBytes {
			mails, err := m.fetchGroup(ctx, list[:1], &imap.SectionPartial{Offset: 0, Size: m.config.HeadBytes})
			if err := deliver(mails, err, fn); err != nil {
				return err
			}
			list = list[1:]
			continue
		}
		n, size := 0, int64(0)
		for n < len(list) && n < groupMails && list[n].Size <= m.config.MaxBytes && (n == 0 || size+list[n].Size <= groupBytes) {
			size += list[n].Size
			n++
		}
		mails, err := m.fetchGroup(ctx, list[:n], nil)
		if err := deliver(mails, err, fn); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// deliver hands over what was fetched whole, also if the fetching failed afterwards.
func deliver(mails []Mail, fetchErr error, fn func(Mail) error) error {
	for _, mail := range mails {
		if err := fn(mail); err != nil {
			return err
		}
	}
	return fetchErr
}

func (m *Mailbox) fetchGroup(ctx context.Context, list []Listing, partial *imap.SectionPartial) ([]Mail, error) {
	set := imap.UIDSet{}
	known := map[imap.UID]Listing{}
	for _, l := range list {
		set.AddNum(imap.UID(l.UID))
		known[imap.UID(l.UID)] = l
	}
	section := &imap.FetchItemBodySection{Peek: true, Partial: partial}
	var mails []Mail
	err := m.run(ctx, fmt.Sprintf("fetch mail %d and %d more", list[0].UID, len(list)-1), func() error {
		command := m.client.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
		for msg := command.Next(); msg != nil; msg = command.Next() {
			uid, raw, err := m.readMessage(msg)
			if err != nil {
				return err
			}
			l, ok := known[uid]
			if !ok || raw == nil {
				continue
			}
			mails = append(mails, Mail{UID: l.UID, Size: l.Size, InternalDate: l.InternalDate, Flags: l.Flags, Raw: raw, Cut: partial != nil})
			delete(known, uid)
		}
		return command.Close()
	})
	slices.SortFunc(mails, func(a, b Mail) int { return int(int64(a.UID) - int64(b.UID)) })
	return mails, err
}

// readMessage drains every item: an unread literal would block the connection for ever.
func (m *Mailbox) readMessage(msg *imapclient.FetchMessageData) (uid imap.UID, raw []byte, err error) {
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = item.UID
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil {
				continue
			}
			if raw, err = m.readLiteral(item.Literal); err != nil {
				return uid, nil, fmt.Errorf("mail %d: %w", uid, err)
			}
		}
	}
	return uid, raw, nil
}

// readLiteral reads a literal whole. A connection that ends in the middle looks to the library like the end of the
// literal, so the length is checked. A literal much larger than the limit (a server that lied about sizes) ends the
// connection. After an error nothing may be read from the message any more.
func (m *Mailbox) readLiteral(literal imap.LiteralReader) ([]byte, error) {
	limit := m.config.MaxBytes + 1<<20
	raw, err := io.ReadAll(io.LimitReader(literal, limit+1))
	switch {
	case err != nil:
	case int64(len(raw)) > limit:
		_ = m.conn.Close()
		_, _ = io.Copy(io.Discard, literal) // lets the library see the end
		err = errors.New("larger than the server said")
	case int64(len(raw)) < literal.Size():
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		_ = m.conn.Close()
		return nil, err
	}
	return raw, nil
}
