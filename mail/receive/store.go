package receive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Done is the keyword that marks a mail as taken over by the desk.
const Done = "$DuradeskDone"

// Mark adds a keyword to mails, by one command, or \Seen where the folder stores no keywords of ours. It tells which of the
// two it was. Marking twice does no harm; a mail that is gone is no error. After an error some of several may be marked.
func (m *Mailbox) Mark(ctx context.Context, keyword string, uids ...uint32) (flag string, err error) {
	m.mu.Lock()
	folder := m.folder
	m.mu.Unlock()
	flag = keyword
	if !folder.Keywords && !slices.ContainsFunc(folder.Flags, func(f string) bool { return strings.EqualFold(f, keyword) }) {
		flag = string(imap.FlagSeen)
	}
	if len(uids) == 0 {
		return flag, nil
	}
	return flag, m.addFlag(ctx, imap.Flag(flag), uids...)
}

func (m *Mailbox) addFlag(ctx context.Context, flag imap.Flag, uids ...uint32) error {
	set := imap.UIDSet{}
	for _, uid := range uids {
		set.AddNum(imap.UID(uid))
	}
	return m.run(ctx, fmt.Sprintf("mark mail %d and %d more", uids[0], len(uids)-1), func() error {
		return m.client.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{flag}}, nil).Close()
	})
}

// Move puts a mail into another folder, which is made if it is missing. If it fails the mail is where it was. Without
// MOVE (RFC 6851) it is copied, and only after the server has confirmed the copy marked \Deleted and expunged alone
// (UIDPLUS, RFC 4315); without UIDPLUS the mark stays and ErrNotExpunged is returned. go-imap's own fallback does not
// wait for the copy and loses mail if it fails (measured).
func (m *Mailbox) Move(ctx context.Context, uid uint32, folder string) error {
	set := imap.UIDSetNum(imap.UID(uid))
	doing := fmt.Sprintf("move mail %d to %s", uid, folder)
	if m.caps.Has(imap.CapMove) {
		return m.withFolder(ctx, folder, doing, func() error {
			_, err := m.client.Move(set, folder).Wait()
			return err
		})
	}
	found, err := m.list(ctx, set, 1)
	if err != nil || len(found) == 0 {
		return err // moved already: COPY of a missing mail would say OK
	}
	unexpunged := &Error{Trouble: TroubleRefused, Doing: doing, Err: ErrNotExpunged}
	if !m.caps.Has(imap.CapUIDPlus) && slices.Contains(found[0].Flags, string(imap.FlagDeleted)) {
		return unexpunged // copied by an earlier attempt, or deleted by a person
	}
	err = m.withFolder(ctx, folder, doing, func() error {
		_, err := m.client.Copy(set, folder).Wait()
		return err
	})
	if err != nil {
		return err
	}
	if err := m.addFlag(ctx, imap.FlagDeleted, uid); err != nil {
		return err
	}
	if !m.caps.Has(imap.CapUIDPlus) {
		return unexpunged
	}
	return m.run(ctx, doing, func() error { return m.client.UIDExpunge(set).Close() })
}

// Delete removes one mail for good: marked \Deleted and expunged alone. Without UIDPLUS the mark stays.
func (m *Mailbox) Delete(ctx context.Context, uid uint32) error {
	if err := m.addFlag(ctx, imap.FlagDeleted, uid); err != nil {
		return err
	}
	if !m.caps.Has(imap.CapUIDPlus) {
		return &Error{Trouble: TroubleRefused, Doing: fmt.Sprintf("delete mail %d", uid), Err: ErrNotExpunged}
	}
	return m.run(ctx, fmt.Sprintf("delete mail %d", uid), func() error {
		return m.client.UIDExpunge(imap.UIDSetNum(imap.UID(uid))).Close()
	})
}

// withFolder runs a command that needs the folder, and once more after making it if the server says it is missing.
func (m *Mailbox) withFolder(ctx context.Context, folder, doing string, command func() error) error {
	err := m.run(ctx, doing, command)
	var status *imap.Error
	if !errors.As(err, &status) || (status.Code != imap.ResponseCodeTryCreate && status.Code != imap.ResponseCodeNonExistent) {
		return err
	}
	created := m.run(ctx, "make folder "+folder, func() error { return m.client.Create(folder, nil).Wait() })
	if created != nil {
		return created
	}
	return m.run(ctx, doing, command)
}

// FindMessageID tells the UIDs of the mails in the folder that carry a Message-ID.
func (m *Mailbox) FindMessageID(ctx context.Context, id string) ([]uint32, error) {
	var data *imap.SearchData
	err := m.run(ctx, "search a Message-ID", func() (err error) {
		data, err = m.client.UIDSearch(&imap.SearchCriteria{
			Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: strings.Trim(id, "<>")}},
		}, nil).Wait()
		return err
	})
	if err != nil {
		return nil, err
	}
	var uids []uint32
	for _, uid := range data.AllUIDs() {
		uids = append(uids, uint32(uid))
	}
	return uids, nil
}

// Append stores a copy of a mail in a folder (that of sent mails, say), which is made if it is missing. Ask
// FindMessageID on that folder first to do it once.
func (m *Mailbox) Append(ctx context.Context, folder string, raw []byte, flags ...string) error {
	options := &imap.AppendOptions{}
	for _, f := range flags {
		options.Flags = append(options.Flags, imap.Flag(f))
	}
	return m.withFolder(ctx, folder, "store a copy in "+folder, func() error {
		command := m.client.Append(folder, int64(len(raw)), options)
		return finishAppend(command, raw)
	})
}

// AppendOnce stores a copy of a mail in a folder unless one with that Message-ID lies there. The folder of the mailbox is
// selected again afterwards.
func (m *Mailbox) AppendOnce(ctx context.Context, folder, id string, raw []byte, flags ...string) error {
	found, err := m.lies(ctx, folder, id)
	if _, back := m.Select(ctx); err == nil {
		err = back
	}
	if err != nil || found {
		return err
	}
	return m.Append(ctx, folder, raw, flags...)
}

// lies looks for a Message-ID in another folder; in one that is missing nothing lies.
func (m *Mailbox) lies(ctx context.Context, folder, id string) (bool, error) {
	err := m.run(ctx, "open folder "+folder, func() error {
		_, err := m.client.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		return err
	})
	switch TroubleOf(err) { //nolint:exhaustive // all other trouble is the caller's
	case "":
	case TroubleRefused, TroubleMissing:
		return false, nil
	default:
		return false, err
	}
	uids, err := m.FindMessageID(ctx, id)
	return len(uids) > 0, err
}

func finishAppend(command *imapclient.AppendCommand, raw []byte) error {
	if _, err := command.Write(raw); err != nil {
		_, waited := command.Wait()
		return errors.Join(err, waited)
	}
	if err := command.Close(); err != nil {
		return err
	}
	_, err := command.Wait()
	return err
}
