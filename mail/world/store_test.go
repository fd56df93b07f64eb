package world

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/stretchr/testify/require"
)

var quiet = slog.New(slog.DiscardHandler)

func newStore(t *testing.T, dir string) *store {
	t.Helper()
	s, err := openStore(dir, quiet)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.close()) })
	return s
}

func inboxOf(t *testing.T, s *store, address string) *folder {
	t.Helper()
	box, err := s.mailbox(address)
	require.NoError(t, err)
	return box.inbox()
}

func TestForeignDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600))
	_, err := openStore(dir, quiet)
	require.ErrorContains(t, err, "holds other files (thesis.txt)")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing was put there")

	newer := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(newer, "world.json"), []byte(`{"format":2}`), 0o600))
	_, err = openStore(newer, quiet)
	require.ErrorContains(t, err, "has format 2, this program knows 1")

	file := filepath.Join(dir, "thesis.txt")
	_, err = openStore(file, quiet)
	require.Error(t, err)
}

func TestRecoveryAfterATornWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newStore(t, dir)
	f := inboxOf(t, s, "a@x.example")
	for range 3 {
		_, err := f.add([]byte("x"), []imap.Flag{"$k"}, time.Time{})
		require.NoError(t, err)
	}
	require.NoError(t, s.close())

	log, err := os.OpenFile(f.logPath(), os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = log.WriteString("\x00\x00garbage\n" + `{"uid":2,"flags":["\\Seen"]}` + "\n" + `{"uid":3,"fla`)
	require.NoError(t, err)
	require.NoError(t, log.Close())
	leftover := filepath.Join(dir, "tmp", "12")
	require.NoError(t, os.WriteFile(leftover, []byte("half a mail"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(f.dir, "notes.txt"), nil, 0o600))

	for range 2 { // the repaired log reads the same again
		s = newStore(t, dir)
		f = inboxOf(t, s, "a@x.example")
		got := f.snapshot()
		require.Len(t, got, 3)
		require.Equal(t, flagSet{"$k"}, got[0].flags)
		require.Equal(t, flagSet{imap.FlagSeen}, got[1].flags)
		require.Equal(t, flagSet{"$k"}, got[2].flags, "half a line changes nothing")
		require.NoFileExists(t, leftover)
		require.NoError(t, s.close())
	}
}

// TestFlagsOfAMessageThatNeverArrived must not go to a later one: the crash came between the log and the rename.
func TestFlagsOfAMessageThatNeverArrived(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newStore(t, dir)
	f := inboxOf(t, s, "a@x.example")
	require.NoError(t, f.log(logLine{UID: 1, Flags: flagSet{imap.FlagDeleted}, Next: 2}))
	require.NoError(t, s.close())
	s = newStore(t, dir)
	uid, err := inboxOf(t, s, "a@x.example").add([]byte("x"), nil, time.Time{})
	require.NoError(t, err)
	require.Equal(t, imap.UID(2), uid)
	require.Empty(t, inboxOf(t, s, "a@x.example").snapshot()[0].flags)
}

func TestMailForSeveralIsStoredForAllOrNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newStore(t, dir)
	good, bad := inboxOf(t, s, "good@x.example"), inboxOf(t, s, "bad@x.example")
	hidden := bad.dir + ".away"
	require.NoError(t, os.Rename(bad.dir, hidden))
	letters := []letter{{"good@x.example", nil}, {"bad@x.example", nil}, {"good+2@x.example", nil}}
	_, err := s.deliver(letters, []byte("x"))
	require.Error(t, err)
	require.Empty(t, good.snapshot())
	entries, err := os.ReadDir(s.tmp)
	require.NoError(t, err)
	require.Empty(t, entries)
	mails, err := filepath.Glob(filepath.Join(good.dir, "*.eml"))
	require.NoError(t, err)
	require.Empty(t, mails)

	require.NoError(t, os.Rename(hidden, bad.dir))
	uids, err := s.deliver(letters, []byte("x"))
	require.NoError(t, err)
	require.Equal(t, []imap.UID{2, 2, 3}, uids, "a UID that was tried counts as used")
}

func TestLongFlagsLogIsShortened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newStore(t, dir)
	f := inboxOf(t, s, "a@x.example")
	_, err := f.add([]byte("x"), nil, time.Time{})
	require.NoError(t, err)
	f.logLines = compactAt + 10 // as if there were many
	_, _, err = f.setFlags([]imap.UID{1}, imap.StoreFlagsAdd, []imap.Flag{"$last"})
	require.NoError(t, err)
	require.Equal(t, 2, f.logLines)
	data, err := os.ReadFile(f.logPath())
	require.NoError(t, err)
	require.Equal(t, []string{`{"next":2}`, `{"uid":1,"flags":["$last"]}`, ""}, strings.Split(string(data), "\n"))
}

func TestErrorsHoldNoAddresses(t *testing.T) {
	t.Parallel()
	_, err := os.ReadFile("/nowhere/secret@person.example/1.eml")
	require.ErrorContains(t, err, "secret")
	wrapped := withoutPaths(fmt.Errorf("read: %w", err))
	require.NotContains(t, wrapped.Error(), "secret")
	require.ErrorIs(t, wrapped, os.ErrNotExist)
	err = os.Rename("/nowhere/secret", "/nowhere/secret2")
	require.NotContains(t, withoutPaths(err).Error(), "secret")
	require.True(t, strings.HasPrefix(withoutPaths(err).Error(), "rename: "))
}

// TestCrashInTheMiddleOfARename leaves the new name in the old directory; both names stay usable.
func TestCrashInTheMiddleOfARename(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newStore(t, dir)
	box, err := s.mailbox("a@x.example")
	require.NoError(t, err)
	require.NoError(t, box.create("Old", nil))
	f, err := box.folder("Old")
	require.NoError(t, err)
	file := f.file()
	file.Name = "New"
	require.NoError(t, s.replaceJSON(filepath.Join(f.path(), "folder.json"), file))
	require.NoError(t, s.close())

	s = newStore(t, dir)
	box, err = s.mailbox("a@x.example")
	require.NoError(t, err)
	require.NoError(t, box.create("Old", nil))
	require.NoError(t, s.close())
	s = newStore(t, dir)
	box, err = s.mailbox("a@x.example")
	require.NoError(t, err)
	var names []string
	for _, f := range box.list() {
		names = append(names, f.name)
	}
	require.Equal(t, []string{"INBOX", "New", "Old"}, names)
}
