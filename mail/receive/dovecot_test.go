package receive_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/e2e/dovecot"
	"duradesk/mail/receive"
)

func toDovecot(s *dovecot.Server) receive.Config {
	return receive.Config{Addr: s.IMAPAddr, TLS: receive.TLSNone, Username: desk, Password: dovecot.Password, Stall: 10 * time.Second, Poll: 100 * time.Millisecond}
}

func appendTo(t *testing.T, m *receive.Mailbox, folder string, subjects ...string) {
	t.Helper()
	for _, s := range subjects {
		raw := fmt.Sprintf("From: a@client.example\r\nSubject: %s\r\nMessage-ID: <%s@client.example>\r\n\r\n%s\r\n", s, s, s)
		require.NoError(t, m.Append(t.Context(), folder, []byte(raw)))
	}
}

func uidsIn(t *testing.T, m *receive.Mailbox) (uids []uint32) {
	t.Helper()
	_, err := m.Select(t.Context())
	require.NoError(t, err)
	list, err := m.List(t.Context(), 1)
	require.NoError(t, err)
	for _, l := range list {
		uids = append(uids, l.UID)
	}
	return uids
}

func TestDovecotWithAllItsAbilities(t *testing.T) {
	t.Parallel()
	s := dovecot.Start(t, dovecot.Options{})
	m, folder := open(t, toDovecot(s))
	require.True(t, folder.Keywords)
	require.True(t, m.Can("IDLE") && m.Can("MOVE") && m.Can("UIDPLUS"))

	// New mail wakes whoever idles.
	woken := make(chan error, 1)
	start := time.Now()
	go func() { woken <- m.Wait(t.Context(), time.Minute) }()
	other, _ := open(t, toDovecot(s))
	appendTo(t, other, "INBOX", "one", "two", "three")
	require.NoError(t, <-woken)
	require.Less(t, time.Since(start), 30*time.Second, "long before the minute is over")
	require.Equal(t, []uint32{1, 2, 3}, uidsIn(t, m))

	flag, err := m.Mark(t.Context(), receive.Done, 1)
	require.NoError(t, err)
	require.Equal(t, receive.Done, flag)
	require.NoError(t, m.Move(t.Context(), 2, "Done"), "the folder is made where it is missing")
	require.NoError(t, m.Move(t.Context(), 2, "Done"), "twice is once")
	require.NoError(t, m.Delete(t.Context(), 3))
	require.Equal(t, []uint32{1}, uidsIn(t, m))
	inDone := toDovecot(s)
	inDone.Folder = "Done"
	moved, _ := open(t, inDone)
	require.Len(t, uidsIn(t, moved), 1)
	found, err := moved.FindMessageID(t.Context(), "two@client.example")
	require.NoError(t, err)
	require.Len(t, found, 1)
}

func TestDovecotWithoutMoveAndIdle(t *testing.T) {
	t.Parallel()
	s := dovecot.Start(t, dovecot.Options{Hide: []string{"MOVE", "IDLE"}})
	m, _ := open(t, toDovecot(s))
	require.False(t, m.Can("IDLE") || m.Can("MOVE"))
	woken := make(chan error, 1)
	go func() { woken <- m.Wait(t.Context(), time.Minute) }()
	other, _ := open(t, toDovecot(s))
	appendTo(t, other, "INBOX", "one", "two")
	require.NoError(t, <-woken, "asked by NOOP")

	// A mail that somebody else marked as deleted is not ours to expunge.
	require.ErrorIs(t, deletedByHand(t, s), receive.ErrNotExpunged)
	require.NoError(t, m.Move(t.Context(), 1, "Done"))
	require.Equal(t, []uint32{2}, uidsIn(t, m))
}

// deletedByHand marks mail 2 as deleted, without expunging it.
func deletedByHand(t *testing.T, s *dovecot.Server) error {
	t.Helper()
	m, _ := open(t, toDovecot(s))
	_, err := m.Mark(t.Context(), `\Deleted`, 2)
	require.NoError(t, err)
	list, err := m.List(t.Context(), 2)
	require.NoError(t, err)
	if len(list) == 1 {
		return receive.ErrNotExpunged
	}
	return errors.New("it is gone")
}

func TestDovecotWithoutUIDPlus(t *testing.T) {
	t.Parallel()
	s := dovecot.Start(t, dovecot.Options{Hide: []string{"MOVE", "UIDPLUS"}})
	m, _ := open(t, toDovecot(s))
	appendTo(t, m, "INBOX", "one", "two")
	uidsIn(t, m)
	for range 2 {
		require.ErrorIs(t, m.Move(t.Context(), 1, "Done"), receive.ErrNotExpunged)
	}
	require.Equal(t, []uint32{1, 2}, uidsIn(t, m), "marked and left there")
	inDone := toDovecot(s)
	inDone.Folder = "Done"
	moved, _ := open(t, inDone)
	require.Len(t, uidsIn(t, moved), 1, "copied once, however often it was tried")
}

func TestAMoveThatDovecotRefusesLeavesTheMailWhereItWas(t *testing.T) {
	t.Parallel()
	for _, hide := range [][]string{nil, {"MOVE"}} {
		s := dovecot.Start(t, dovecot.Options{Hide: hide})
		m, _ := open(t, toDovecot(s))
		appendTo(t, m, "INBOX", "one")
		uidsIn(t, m)
		require.Error(t, m.Move(t.Context(), 1, "a/../../b"), "a name that Dovecot does not take")
		require.Equal(t, []uint32{1}, uidsIn(t, m))
		list, err := m.List(t.Context(), 1)
		require.NoError(t, err)
		require.NotContains(t, list[0].Flags, `\Deleted`)
	}
}

func TestAFolderMadeAnewShowsAnotherUIDValidity(t *testing.T) {
	t.Parallel()
	s := dovecot.Start(t, dovecot.Options{})
	m, before := open(t, toDovecot(s))
	appendTo(t, m, "INBOX", "one", "two")
	s.ForgetUIDs(desk)
	_, err := m.Select(t.Context())
	require.Error(t, err, "what it knew is gone")
	again, after := open(t, toDovecot(s))
	require.NotEqual(t, before.UIDValidity, after.UIDValidity)
	require.Len(t, uidsIn(t, again), 2)
}

func TestDovecotRefusesAWrongPassword(t *testing.T) {
	t.Parallel()
	s := dovecot.Start(t, dovecot.Options{})
	c := toDovecot(s)
	c.Password = "something else"
	_, err := receive.Dial(t.Context(), c)
	require.Equal(t, receive.TroubleAuth, receive.TroubleOf(err))
	require.NotContains(t, err.Error(), c.Password)
}

func TestAFullMailboxSaysSo(t *testing.T) {
	t.Parallel()
	s := dovecot.Start(t, dovecot.Options{Quota: "1k", Hide: []string{"MOVE"}})
	m, _ := open(t, toDovecot(s))
	appendTo(t, m, "INBOX", "one")
	err := m.Append(t.Context(), "INBOX", make([]byte, 4000))
	require.Equal(t, receive.TroubleQuota, receive.TroubleOf(err), "%v", err)
}

func TestACopyOfWhatWasSentIsStoredOnce(t *testing.T) {
	t.Parallel()
	s := dovecot.Start(t, dovecot.Options{})
	m, _ := open(t, toDovecot(s))
	appendTo(t, m, "INBOX", "one")
	raw := []byte("From: a@desk.example\r\nSubject: answer\r\nMessage-ID: <t.1.reply.k-sig@desk.example>\r\n\r\nx\r\n")
	for range 3 {
		require.NoError(t, m.AppendOnce(t.Context(), "Sent", "t.1.reply.k-sig@desk.example", raw, `\Seen`))
	}
	list, err := m.List(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, list, 1, "the mailbox is the one that is read, as before")
	inSent := toDovecot(s)
	inSent.Folder = "Sent"
	sent, _ := open(t, inSent)
	require.Len(t, uidsIn(t, sent), 1)
}
