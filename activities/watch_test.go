package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"duradesk/ticket"
)

// letter is a mail from a client; lines are further header lines.
func letter(id, subject, body string, lines ...string) string {
	return "From: Yamada <yamada@client.example>\r\nTo: support@desk.example\r\nMessage-ID: <" + id + "@client.example>\r\nSubject: " + subject +
		"\r\nDate: Tue, 24 Nov 2026 10:00:00 +0900\r\n" + strings.Join(append(lines, ""), "\r\n") + "\r\n" + body + "\r\n"
}

func TestAMailIsKeptSettledRungAndOnlyThenMarked(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.mails[1] = letter("a1", "Printer", "It does not print.")
	b.watch(t)
	require.Equal(t, []string{"begun 7 0", "raw 1", "settle 1 message", "ring", "mark [1]", "cursor [1]", "closed"}, b.steps)
	require.Equal(t, ticket.Ring{ID: "mail:m1:7:1", Seq: 1}, b.rung[0])
}

func TestWhatComesWhileWaitingIsTakenIn(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.waits = []func(){
		func() { b.mails[1] = letter("a1", "one", "1") },
		func() {}, // woken for nothing
		func() { b.mails[2], b.mails[3] = letter("a2", "two", "2"), letter("a3", "three", "3") },
	}
	b.watch(t)
	require.Len(t, b.rung, 3)
	require.NotContains(t, b.steps[slices.Index(b.steps, "mark [2 3]"):], "ring", "all bells are rung before the server is told")
	require.Equal(t, []string{
		"begun 7 0", "raw 1", "settle 1 message", "mark [1]", "cursor [1]",
		"raw 2", "raw 3", "settle 2 message", "settle 3 message", "mark [2 3]", "cursor [2 3]", "closed",
	}, slices.DeleteFunc(slices.Clone(b.steps), func(step string) bool { return step == "ring" }), "a bell waits for its mail; the next mail does not wait for the bell")
}

func TestTheSameMailUnderAnotherUIDIsADuplicate(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.mails[1] = letter("a1", "Printer", "It does not print.")
	b.mails[2] = b.mails[1]
	b.watch(t)
	require.Equal(t, "message", b.of(1).Fate)
	require.Equal(t, "duplicate", b.of(2).Fate)
	require.Len(t, b.rung, 1)
}

// It was sent to two addresses that come to one mailbox: each copy has its own way in its header, and what its sender
// wrote is the same.
func TestTheSameMailOnTwoWaysIsADuplicate(t *testing.T) {
	t.Parallel()
	b := newBox()
	one := letter("a1", "Printer", "It does not print.")
	b.mails[1] = "Received: from a.example by mx1.example; Tue, 24 Nov 2026 10:00:00 +0000\r\nDelivered-To: support@desk.example\r\n" + one
	b.mails[2] = "Received: from a.example by mx2.example; Tue, 24 Nov 2026 10:00:01 +0000\r\nDelivered-To: help@desk.example\r\n" + one
	b.mails[3] = letter("a1", "Printer", "It does not print now either.") // a careless program gave it the same id
	b.watch(t)
	require.Equal(t, []string{"message", "duplicate", "message"}, []string{b.of(1).Fate, b.of(2).Fate, b.of(3).Fate})
}

// Neither Message-ID nor date: two people may have written the same few words.
func TestAMailWithoutIdAndDateIsNoDuplicate(t *testing.T) {
	t.Parallel()
	b := newBox()
	bare := "From: a@client.example\r\nTo: support@desk.example\r\nSubject: Call me\r\n\r\nPlease.\r\n"
	b.mails[1], b.mails[2] = "Received: one\r\n"+bare, "Received: two\r\n"+bare
	b.watch(t)
	require.Equal(t, []string{"message", "message"}, []string{b.of(1).Fate, b.of(2).Fate})
}

func TestAMailboxMadeAnewIsReadAgainAndTakesNothingTwice(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.mails[5] = letter("a1", "Printer", "It does not print.")
	b.watch(t)
	b.validity, b.steps = 8, nil
	b.mails = map[uint32]string{1: letter("a1", "Printer", "It does not print."), 2: letter("a2", "Fax", "Neither.")}
	b.watch(t)
	require.Equal(t, []string{
		"begun 8 0", "raw 1", "raw 2", "settle 1 duplicate", "settle 2 message", "ring", "mark [1 2]", "cursor [1 2]", "closed",
	}, b.steps)
}

func TestWhatLayThereBeforeTheFirstContactIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.settings.FromStart = false
	b.mails[1], b.mails[2] = letter("old1", "x", "x"), letter("old2", "y", "y")
	b.waits = []func(){
		func() { b.mails[4] = letter("a4", "new", "4") },
		func() { b.mails[3] = letter("a3", "became visible later", "3") }, // out of order
	}
	b.watch(t)
	require.Equal(t, "message", b.of(4).Fate)
	require.Equal(t, "message", b.of(3).Fate)
	require.Empty(t, b.of(1).Fate)
	require.Empty(t, b.of(2).Fate)
	b.mails[5] = letter("a5", "after a restart", "5")
	b.watch(t)
	require.Equal(t, "message", b.of(5).Fate)
	require.Empty(t, b.of(2).Fate)
}

func TestAWindowBeforeTheCursorIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.settings.UIDValidity, b.settings.LastUID = 7, 1000
	b.mails[1001] = letter("a1", "new", "1")
	b.waits = []func(){func() { b.mails[999] = letter("late", "became visible later", "late") }}
	b.watch(t)
	require.Equal(t, []uint32{800, 801}, b.listed)
	require.Equal(t, "message", b.of(999).Fate)
}

func TestManyMailsAreTakenInByPieces(t *testing.T) {
	t.Parallel()
	b := newBox()
	for u := range uint32(120) {
		b.mails[u+1] = letter(fmt.Sprint("a", u), "many", fmt.Sprint(u))
	}
	b.watch(t)
	cursors := 0
	for _, s := range b.steps {
		if strings.HasPrefix(s, "cursor") {
			cursors++
		}
	}
	require.Equal(t, 3, cursors)
	require.Len(t, b.rung, 120)
}

func TestADeathBetweenAnyTwoStepsLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"raw", "settle", "mark", "cursor"} {
		b := newBox()
		b.mails[1] = letter("a1", "Printer", "It does not print.")
		b.ledger["7/1"] = &fate{Fate: ticket.Fate{Received: ticket.Received{Mailbox: "m1", UIDValidity: 7, UID: 1}}, attempts: 1}
		switch at { // what the dead worker left behind
		case "settle", "mark":
			b.ledger["7/1"].Fate.Fate = "message"
		case "cursor":
			b.ledger["7/1"].Fate.Fate, b.ledger["7/1"].marked = "message", true
		}
		b.watch(t)
		require.Equal(t, "message", b.of(1).Fate, at)
		require.True(t, b.ledger["7/1"].marked, at)
		if at != "raw" {
			require.Empty(t, b.rung, "%s: it has its fate already", at)
		}
	}
}

func TestAMailBegunThreeTimesWithoutAnEndIsSetApart(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.mails[1], b.mails[2] = letter("bad", "kills", "x"), letter("a2", "fine", "y")
	b.ledger["7/1"] = &fate{Fate: ticket.Fate{Received: ticket.Received{Mailbox: "m1", UIDValidity: 7, UID: 1}}, attempts: 3}
	b.watch(t)
	require.Equal(t, "quarantined", b.of(1).Fate)
	require.Equal(t, "message", b.of(2).Fate, "the next one goes on")
}

// TestABusyDatabaseIsNoFaultOfTheMail: what ended for a lock or a time limit is taken in when there is time again, and not set
// apart as if workers died at it.
func TestABusyDatabaseIsNoFaultOfTheMail(t *testing.T) {
	t.Parallel()
	for wrong, fate := range map[error]string{context.DeadlineExceeded: "message", errors.New("the table does not like it"): "quarantined"} {
		b := newBox()
		b.mails[1] = letter("a1", "Printer", "x")
		b.settle = func(f ticket.Fate) error {
			if f.Order == nil {
				return nil
			}
			return fmt.Errorf("settle: %w", wrong)
		}
		for range poisoned {
			require.Error(t, b.run())
		}
		if fate == "message" {
			b.settle = nil
		}
		b.watch(t)
		require.Equal(t, fate, b.of(1).Fate)
	}
}

func TestADefectInReadingSetsTheMailApart(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.mails[1], b.mails[2] = letter("bad", "kills", "x", "In-Reply-To: <poison@client.example>"), letter("a2", "fine", "y")
	b.find = func(found ticket.Traces) {
		if len(found.MailIDs) > 0 {
			panic("a defect of ours")
		}
	}
	b.watch(t)
	require.Equal(t, "quarantined", b.of(1).Fate)
	require.Equal(t, "it could not be read: a defect of ours", b.of(1).Evidence["because"])
	require.Equal(t, "message", b.of(2).Fate)
	require.True(t, b.ledger["7/1"].marked, "it is taken over: agents see it in the quarantine")
}

func TestWhatTheRecordRefusesForGoodIsSetApart(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.mails[1], b.mails[2] = letter("a1", "refused", "x"), letter("a2", "fine", "y")
	b.settle = func(f ticket.Fate) error {
		if f.UID == 1 && f.Order != nil {
			return fmt.Errorf("store: %w", &ticket.Error{Code: ticket.Invalid, Message: "there is no desk"})
		}
		return nil
	}
	b.watch(t)
	require.Equal(t, "quarantined", b.of(1).Fate)
	require.Equal(t, "store: there is no desk", b.of(1).Evidence["because"])
	require.Equal(t, "message", b.of(2).Fate)
}

func TestARecordThatIsAwayLeavesTheMailOnTheServer(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.mails[1] = letter("a1", "Printer", "x")
	b.settle = func(ticket.Fate) error { return errors.New("the database is away") }
	err := b.run()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, TypeAway, app.Type())
	require.NotContains(t, b.steps, "mark 1")
	b.settle = nil
	b.watch(t)
	require.Equal(t, "message", b.of(1).Fate)
}

func TestARefusedLoginSaysSoAndRests(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.open = fmt.Errorf("%w: NO wrong password", ErrAuth)
	err := b.run()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, TypeAuth, app.Type())
	require.Equal(t, "15m0s", app.NextRetryDelay().String())
	require.NotContains(t, err.Error(), "wrong password")
	require.Contains(t, b.states[0], "refused")
	require.ErrorContains(t, b.run(), TypeAuth)
	err = b.run()
	require.ErrorAs(t, err, &app)
	require.True(t, app.NonRetryable(), "after the third the server is left alone")
	require.Equal(t, TypeGone, app.Type())
}

func TestWhatBecomesOfAMailOnItsServer(t *testing.T) {
	t.Parallel()
	for mode, step := range map[string]string{"": "mark [1]", "keyword": "mark [1]", "seen": "seen 1 Done", "move": "move 1 Done", "delete": "delete 1 Done"} {
		b := newBox()
		b.settings.After = ticket.After{Mode: mode, Folder: "Done"}
		b.mails[1] = letter("a1", "Printer", "x")
		b.watch(t)
		require.Equal(t, []string{"begun 7 0", "raw 1", "settle 1 message", "ring", step, "cursor [1]", "closed"}, b.steps)
	}
}

func TestAMailThatCannotBeMarkedHoldsNothingUp(t *testing.T) {
	t.Parallel()
	b := newBox()
	for u := range uint32(120) {
		b.mails[u+1] = letter(fmt.Sprint("a", u), "many", fmt.Sprint(u))
	}
	b.unmarked = map[uint32]error{1: errors.New("NO over quota")}
	require.ErrorContains(t, b.run(), TypeAway)
	require.Len(t, b.rung, 120, "all are taken in")
	require.Contains(t, b.states[len(b.states)-1], "over quota", "and people see what is wrong")
	require.True(t, b.ledger["7/120"].marked)
	require.False(t, b.ledger["7/1"].marked)
	b.unmarked = nil
	b.watch(t)
	require.True(t, b.ledger["7/1"].marked)
	require.Len(t, b.rung, 120, "nothing twice")
}

func TestWhatIsTakenOutOfTheQuarantineIsReadAgainWithoutTheServer(t *testing.T) {
	t.Parallel()
	b := newBox()
	got := ticket.Received{Mailbox: "m1", UIDValidity: 3, UID: 9, Raw: []byte(letter("a1", "Printer", "x"))}
	b.kept = []ticket.Received{got}
	b.ledger["3/9"] = &fate{Fate: ticket.Fate{Received: got}}
	b.watch(t)
	require.Equal(t, "message", b.ledger["3/9"].Fate.Fate, "though the mailbox was made anew since, and the mail is gone from it")
	require.Equal(t, "mail:m1:3:9", b.ledger["3/9"].Order.ID)
	require.Len(t, b.rung, 1)
}

func TestWhatWasSentIsCopiedOnce(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.copies = []ticket.Copy{{Delivery: "d1", MailID: "t.1@desk.example", Folder: "Sent"}}
	b.watch(t)
	require.Equal(t, []string{"begun 7 0", "copy t.1@desk.example to Sent: bytes of d1", "copied d1", "closed"}, b.steps)
}

func TestReconcileFindsWhatHasNoFate(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.mails[1], b.mails[2] = letter("a1", "Printer", "x"), letter("a2", "Fax", "y")
	b.watch(t)
	hands := &Mailboxes{Intake: b, Post: b}
	even, err := hands.Reconcile(t.Context(), "m1")
	require.NoError(t, err)
	require.Equal(t, ticket.Reconciled{Mailbox: "support@desk.example", OnServer: 2}, even)
	require.True(t, even.Even())

	b.mails[3], b.mails[4] = letter("a3", "x", "x"), letter("a4", "x", "x")
	b.ledger["7/3"] = &fate{}
	odd, err := hands.Reconcile(t.Context(), "m1")
	require.NoError(t, err)
	require.Equal(t, ticket.Reconciled{Mailbox: "support@desk.example", OnServer: 4, Missing: []uint32{4}, Unsettled: []uint32{3}}, odd)
	require.False(t, odd.Even())
}
