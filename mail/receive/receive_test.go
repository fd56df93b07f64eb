package receive_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/stretchr/testify/require"

	"duradesk/mail/receive"
	"duradesk/mail/world"
)

func TestFetch(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	deliver(t, w, "one", "two", "three")
	m, folder := open(t, config(w.IMAPAddr()))
	require.NotZero(t, folder.UIDValidity)
	require.Equal(t, uint32(3), folder.Messages)
	require.Equal(t, uint32(4), folder.UIDNext)
	require.True(t, folder.Keywords)

	mails := fetchAll(t, m, 1)
	require.Len(t, mails, 3)
	for i, want := range []string{"one", "two", "three"} {
		require.Equal(t, uint32(i+1), mails[i].UID)
		require.Contains(t, string(mails[i].Raw), "Subject: "+want+"\r\n")
		require.Equal(t, int64(len(mails[i].Raw)), mails[i].Size)
		require.False(t, mails[i].InternalDate.IsZero())
		require.False(t, mails[i].Cut)
	}
	require.Len(t, fetchAll(t, m, 3), 1)
	require.Empty(t, fetchAll(t, m, 4), "n:* always names the last mail; it is not new")

	var uids []uint32
	require.NoError(t, m.Fetch(t.Context(), []uint32{3, 1, 1, 99}, func(mail receive.Mail) error {
		uids = append(uids, mail.UID)
		return nil
	}))
	require.Equal(t, []uint32{1, 3}, uids)

	stored, err := w.Messages(desk, "INBOX")
	require.NoError(t, err)
	require.Empty(t, stored[0].Flags, "fetching marks nothing as read")
}

func TestFetchStopsAtTheCallersError(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	deliver(t, w, "one", "two")
	m, _ := open(t, config(w.IMAPAddr()))
	boom := errors.New("database is away")
	calls := 0
	err := m.FetchFrom(t.Context(), 1, func(receive.Mail) error { calls++; return boom })
	require.ErrorIs(t, err, boom)
	require.Equal(t, 1, calls)
	require.Len(t, fetchAll(t, m, 1), 2, "the connection goes on")
}

func TestFetchMany(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	for i := range 130 {
		deliver(t, w, fmt.Sprintf("n%d", i))
	}
	m, _ := open(t, config(w.IMAPAddr()))
	mails := fetchAll(t, m, 1)
	require.Len(t, mails, 130)
	for i, mail := range mails {
		require.Equal(t, uint32(i+1), mail.UID)
		require.Contains(t, string(mail.Raw), fmt.Sprintf("Subject: n%d\r\n", i))
	}
}

func TestFetchLarge(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	large := []byte("From: a@client.example\r\nSubject: large\r\n\r\n" + strings.Repeat("0123456789abcdef\r\n", 1<<16))
	_, err := w.Deliver(t.Context(), desk, large)
	require.NoError(t, err)
	deliver(t, w, "small")
	c := config(w.IMAPAddr())
	c.MaxBytes, c.HeadBytes = 1<<20, 1000
	m, _ := open(t, c)
	mails := fetchAll(t, m, 1)
	require.Len(t, mails, 2)
	require.True(t, mails[0].Cut)
	require.Len(t, mails[0].Raw, 1000)
	require.Greater(t, mails[0].Size, int64(1<<20))
	require.Contains(t, string(mails[0].Raw), "Subject: large")
	require.False(t, mails[1].Cut)
}

func TestMark(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	deliver(t, w, "one")
	m, _ := open(t, config(w.IMAPAddr()))
	for range 2 { // twice does no harm
		flag, err := m.Mark(t.Context(), receive.Done, 1)
		require.NoError(t, err)
		require.Equal(t, receive.Done, flag)
	}
	_, err := m.Mark(t.Context(), receive.Done, 77)
	require.NoError(t, err, "a mail that is gone is no error")
	stored, err := w.Messages(desk, "INBOX")
	require.NoError(t, err)
	require.Equal(t, []imap.Flag{receive.Done}, stored[0].Flags)
}

func TestMarkWithoutKeywords(t *testing.T) {
	t.Parallel()
	addr := script(t, greeting, step{"SELECT", "* 1 EXISTS\r\n* OK [PERMANENTFLAGS (\\Seen \\Deleted)] .\r\n* OK [UIDVALIDITY 7] .\r\n{tag} OK [READ-WRITE] done\r\n"})
	m, folder := open(t, config(addr))
	require.False(t, folder.Keywords)
	require.Equal(t, uint32(7), folder.UIDValidity)
	flag, err := m.Mark(t.Context(), receive.Done, 1)
	require.NoError(t, err)
	require.Equal(t, `\Seen`, flag)
}

func TestMove(t *testing.T) {
	t.Parallel()
	for name, hidden := range map[string][]imap.Cap{
		"with MOVE":    nil,
		"without MOVE": {imap.CapMove},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faults := &world.Faults{}
			faults.Hide(hidden...)
			w := start(t, faults)
			deliver(t, w, "one", "two", "three")
			m, _ := open(t, config(w.IMAPAddr()))
			require.Equal(t, hidden == nil, m.Can("MOVE"))
			require.NoError(t, m.Move(t.Context(), 2, "Done"), "the folder is made")
			require.NoError(t, m.Move(t.Context(), 3, "Done"))
			require.NoError(t, m.Move(t.Context(), 3, "Done"), "a mail that is gone is moved already")
			requireSubjects(t, w, "INBOX", "one")
			requireSubjects(t, w, "Done", "two", "three")
		})
	}
}

func requireSubjects(t *testing.T, w *world.World, folder string, subjects ...string) {
	t.Helper()
	stored, err := w.Messages(desk, folder)
	require.NoError(t, err)
	require.Len(t, stored, len(subjects), folder)
	for i, s := range subjects {
		require.Contains(t, string(stored[i].Raw), "Subject: "+s+"\r\n")
	}
}

// TestMoveThatFailsLosesNothing is the trap of the library's own fallback: COPY fails, STORE and EXPUNGE do not.
func TestMoveThatFailsLosesNothing(t *testing.T) {
	t.Parallel()
	faults := &world.Faults{}
	faults.Hide(imap.CapMove)
	w := start(t, faults)
	deliver(t, w, "one")
	faults.Arm(world.Fault{At: world.AtCopy, Times: 1, Do: world.No(imap.ResponseCodeOverQuota, "full")})
	m, _ := open(t, config(w.IMAPAddr()))
	err := m.Move(t.Context(), 1, "Done")
	require.Equal(t, receive.TroubleQuota, receive.TroubleOf(err))
	requireSubjects(t, w, "INBOX", "one")
	stored, err := w.Messages(desk, "INBOX")
	require.NoError(t, err)
	require.Empty(t, stored[0].Flags, "not even marked")
	require.NoError(t, m.Move(t.Context(), 1, "Done"))
	requireSubjects(t, w, "Done", "one")
}

// TestMoveSparesOthersDeletedMail: without UIDPLUS only a plain EXPUNGE would remove the mail, and all others that
// somebody has marked.
func TestMoveSparesOthersDeletedMail(t *testing.T) {
	t.Parallel()
	faults := &world.Faults{}
	faults.Hide(imap.CapMove, imap.CapUIDPlus)
	w := start(t, faults)
	deliver(t, w, "one", "two")
	m, _ := open(t, config(w.IMAPAddr()))
	_, err := m.Mark(t.Context(), `\Deleted`, 1)
	require.NoError(t, err)
	for range 2 { // the second time makes no second copy
		require.ErrorIs(t, m.Move(t.Context(), 2, "Done"), receive.ErrNotExpunged)
	}
	requireSubjects(t, w, "INBOX", "one", "two")
	requireSubjects(t, w, "Done", "two")
	require.ErrorIs(t, m.Delete(t.Context(), 2), receive.ErrNotExpunged)
	requireSubjects(t, w, "INBOX", "one", "two")
}

func TestDelete(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	deliver(t, w, "one", "two")
	m, _ := open(t, config(w.IMAPAddr()))
	_, err := m.Mark(t.Context(), `\Deleted`, 1) // by somebody else
	require.NoError(t, err)
	require.NoError(t, m.Delete(t.Context(), 2))
	requireSubjects(t, w, "INBOX", "one")
}

func TestAppendAndFind(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	m, _ := open(t, config(w.IMAPAddr()))
	raw := []byte("From: support@desk.example\r\nMessage-ID: <sent@desk.example>\r\nSubject: sent\r\n\r\nx\r\n")
	require.NoError(t, m.Append(t.Context(), "Sent", raw, `\Seen`))
	requireSubjects(t, w, "Sent", "sent")

	c := config(w.IMAPAddr())
	c.Folder = "Sent"
	sent, _ := open(t, c)
	uids, err := sent.FindMessageID(t.Context(), "<sent@desk.example>")
	require.NoError(t, err)
	require.Equal(t, []uint32{1}, uids)
	uids, err = sent.FindMessageID(t.Context(), "other@desk.example")
	require.NoError(t, err)
	require.Empty(t, uids)
}

func TestUIDValidityChange(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	deliver(t, w, "one")
	m, before := open(t, config(w.IMAPAddr()))
	require.NoError(t, m.Logout(t.Context()))
	changed, err := w.ChangeUIDValidity(t.Context(), desk, "INBOX", false)
	require.NoError(t, err)
	_, after := open(t, config(w.IMAPAddr()))
	require.NotEqual(t, before.UIDValidity, after.UIDValidity)
	require.Equal(t, changed, after.UIDValidity)
}
