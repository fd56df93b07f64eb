package postgres

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/calendar"
	"duradesk/ticket"
)

func TestDesksAndGroups(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	_, err := s.AddGroup(ctx, Group{Key: "night", Name: "夜勤", Members: []string{"sato", "lead"}})
	require.NoError(t, err)
	added, err := s.AddDesk(ctx, Desk{Key: "shop", Name: "Shop", Address: "Shop@Desk.example", Groups: []string{"night", "tier2"}})
	require.NoError(t, err)
	require.Equal(t, asNew(Desk{Key: "shop", Name: "Shop", Kind: "inquiry", Address: "shop@desk.example", Process: "inquiry", Groups: []string{"night", "tier2"}}), added)

	desks, err := s.Desks(ctx)
	require.NoError(t, err)
	require.Equal(t, []Desk{
		asNew(Desk{Key: "repair", Name: "Repair", Kind: "issue", Address: "repair@desk.example", Process: "issue", Groups: []string{"tier2"}}),
		added,
		asNew(Desk{Key: "support", Name: "Support", Kind: "inquiry", Address: "support@desk.example", Process: "inquiry", Groups: []string{"support"}}),
	}, desks)
	groups, err := s.Groups(ctx)
	require.NoError(t, err)
	require.Equal(t, []Group{
		{Key: "night", Name: "夜勤", Members: []string{"lead", "sato"}},
		{Key: "support", Name: "Support", Members: []string{"admin", "lead", "sato"}},
		{Key: "tier2", Name: "Second line", Members: []string{}},
	}, groups)
	var settings ticket.Settings
	require.NoError(t, s.pool.QueryRow(ctx, `select p.settings from desks d join policies p on p.desk = d.key and p.version = d.policy where d.key = 'shop'`).Scan(&settings))
	require.Equal(t, ticket.DefaultSettings(), settings)

	for name, err := range map[string]error{
		"/key": second(s.AddDesk(ctx, Desk{Key: "shop"})), "/groups/0": second(s.AddDesk(ctx, Desk{Key: "new", Groups: []string{"nowhere"}})),
		"/kind": second(s.AddDesk(ctx, Desk{Key: "new", Kind: "odd"})), "/members/0": second(s.AddGroup(ctx, Group{Key: "new", Members: []string{"nobody"}})),
	} {
		var e *ticket.Error
		require.ErrorAs(t, err, &e, name)
		require.Equal(t, name, e.Field)
	}
	require.Equal(t, ticket.Conflict, code(second(s.AddGroup(ctx, Group{Key: "night"}))))
	require.Equal(t, ticket.Invalid, code(second(s.AddDesk(ctx, Desk{Key: "Müller"}))))
	require.Equal(t, ticket.Invalid, code(second(s.AddGroup(ctx, Group{Key: ""}))))
	after, err := s.Desks(ctx)
	require.NoError(t, err)
	require.Len(t, after, 3, "what is refused leaves no trace")
}

// asNew is a desk with the settings of a new one.
func asNew(d Desk) Desk {
	d.Manner, d.Settings, d.Revision = ticket.DefaultManner(), ticket.DefaultSettings(), 1
	return d
}

func second[T any](_ T, err error) error { return err }

func TestFirstDeskTwice(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	ctx := t.Context()
	first := FirstDesk{
		Key: "support", Name: "Support", Address: "support@desk.example", Group: "support", IMAPAddr: "127.0.0.1:1143", SMTPAddr: "127.0.0.1:1025",
		Username: "support@desk.example", Password: "demo", FromStart: true, Subaddress: true,
	}
	require.Equal(t, ticket.Invalid, code(s.EnsureFirstDesk(ctx, first)), "nobody to join it")
	require.NoError(t, s.EnsureAdmin(ctx, "admin", "Admin", "admin@desk.example"))
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() { requireNoError(t, s.EnsureFirstDesk(ctx, first)) })
	}
	all.Wait()

	first.Calendar = calendar.Spec{Key: "business", Version: 1}
	require.NoError(t, s.EnsureFirstDesk(ctx, first))
	settings, err := s.Policy(ctx, "support")
	require.NoError(t, err)
	require.Equal(t, ticket.DefaultSettings(), settings, "a desk that is there keeps its policy")
	admin, err := s.Agent(ctx, "admin")
	require.NoError(t, err)
	require.Equal(t, []string{"support"}, admin.Desks)
	require.Equal(t, []string{"support"}, admin.Groups)
	accounts, err := s.Accounts(ctx)
	require.NoError(t, err)
	require.Len(t, accounts, 1)
	want := Account{
		ID: accounts[0].ID, Desk: "support", Address: "support@desk.example", IMAPAddr: "127.0.0.1:1143", IMAPTLS: "none", SMTPAddr: "127.0.0.1:1025", SMTPTLS: "none",
		Username: "support@desk.example", Password: "demo", Folder: "INBOX", Subaddress: true, FromStart: true, Enabled: true,
	}
	require.Equal(t, want, accounts[0])

	// The desk lives on, its name is mended, its mailbox is read; then the world outside moves to other ports.
	exec(t, s, `update desks set name = 'Help', policy = 1`)
	exec(t, s, `update mailboxes set uidvalidity = 4294967295, last_uid = 77, enabled = false, folder = 'Desk'`)
	first.IMAPAddr, first.Name = "127.0.0.1:2143", "Support again"
	require.NoError(t, s.EnsureFirstDesk(ctx, first))
	moved, err := s.Account(ctx, want.ID)
	require.NoError(t, err)
	want.IMAPAddr, want.UIDValidity, want.LastUID, want.Enabled, want.Folder = "127.0.0.1:2143", 4294967295, 77, false, "Desk"
	require.Equal(t, want, moved)
	desks, err := s.Desks(ctx)
	require.NoError(t, err)
	require.Equal(t, "Help", desks[0].Name)

	boxes, err := s.Mailboxes(ctx)
	require.NoError(t, err)
	require.Equal(t, []Mailbox{{ID: want.ID, Desk: "support", Address: "support@desk.example", State: "waiting", UIDValidity: 4294967295, LastUID: 77}}, boxes)
}

func TestMailAccounts(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	a, err := s.SaveAccount(ctx, Account{Desk: "repair", Address: "Repair@Desk.example", IMAPAddr: "imap:993", IMAPTLS: "tls", SMTPAddr: "smtp:587", SMTPTLS: "starttls", Password: "s3cret", Enabled: true})
	require.NoError(t, err)
	require.Equal(t, "repair@desk.example", a.Address)
	require.Equal(t, "repair@desk.example", a.Username)
	require.Equal(t, "s3cret", a.Password.Reveal())
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", a, a, a, a.Password), "s3cret")

	var sealed []byte
	require.NoError(t, s.pool.QueryRow(ctx, `select secret from mailboxes where id = $1`, a.ID).Scan(&sealed))
	require.NotContains(t, string(sealed), "s3cret")
	a.Password, a.Enabled, a.Folder = "", false, "Desk"
	b, err := s.SaveAccount(ctx, a)
	require.NoError(t, err)
	require.Equal(t, "s3cret", b.Password.Reveal(), "no new password keeps the old one")
	require.Equal(t, a.ID, b.ID)
	require.Equal(t, "Desk", b.Folder)
	on, err := s.Accounts(ctx)
	require.NoError(t, err)
	require.Len(t, on, 1, "only those that are switched on")

	require.Equal(t, ticket.Invalid, code(second(s.SaveAccount(ctx, Account{Desk: "nowhere", Address: "x@desk.example"}))))
	require.Equal(t, ticket.Invalid, code(second(s.SaveAccount(ctx, Account{Desk: "repair", Address: "x@desk.example", SMTPTLS: "ssl"}))))
	require.Equal(t, ticket.Invalid, code(second(s.SaveAccount(ctx, Account{Desk: "repair", Address: "x@desk.example", IMAPTLS: "ssl"}))))
	require.Equal(t, ticket.Invalid, code(second(s.SaveAccount(ctx, Account{Desk: "repair"}))))
	for _, id := range []string{uuid.NewString(), "", "1"} {
		require.Equal(t, ticket.NotFound, code(second(s.Account(ctx, id))))
	}

	// A password moved to another mailbox, sealed with another key, or met without a key is told apart.
	exec(t, s, `update mailboxes set secret = $1 where desk = 'support'`, sealed)
	_, err = s.Accounts(ctx)
	require.ErrorContains(t, err, "belongs to something else")
	s.sealer, err = NewSealer("another key that is only for tests, too")
	require.NoError(t, err)
	_, err = s.Account(ctx, a.ID)
	require.ErrorContains(t, err, "sealed with another secret key")
	s.sealer = nil
	_, err = s.Account(ctx, a.ID)
	require.ErrorContains(t, err, "DURADESK_SECRET_KEY")
	_, err = s.SaveAccount(ctx, Account{Desk: "repair", Address: "y@desk.example", Password: "x"})
	require.ErrorContains(t, err, "DURADESK_SECRET_KEY")
}

func TestLedgerPages(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	lay(t, s, laid{number: 1001})
	other, err := s.SaveAccount(ctx, Account{Desk: "repair", Address: "repair@desk.example"})
	require.NoError(t, err)
	boxes, err := s.Mailboxes(ctx)
	require.NoError(t, err)
	mine := boxes[1].ID
	for uid := range 20 { // in heaps of four of the same instant
		exec(t, s, `insert into ledger (mailbox, uidvalidity, uid, fate, ticket, seq, mail_id, digest, evidence, at) values ($1, 7, $2, $3, $4, 1, $5, '\x00', '{"why": "poison"}', $6)`,
			[]string{mine, other.ID}[uid%2], uid+1, []string{"message", "quarantined", "bounce"}[uid%3], []any{1001, nil}[uid%2], fmt.Sprint("mail", uid+1), noon.Add(time.Duration(uid/4)*time.Second))
	}
	page := func(mailbox string, quarantine bool) (met []Fate) {
		for cursor := ""; ; {
			fates, next, err := s.Ledger(ctx, mailbox, quarantine, cursor, 3)
			require.NoError(t, err)
			met = append(met, fates...)
			if cursor = next; next == "" {
				return met
			}
			require.Len(t, fates, 3)
		}
	}
	all := page("", false)
	require.Len(t, all, 20)
	met := map[uint32]bool{}
	for i, f := range all {
		met[f.UID] = true
		require.True(t, i == 0 || !f.At.After(all[i-1].At), "newest first")
	}
	require.Len(t, met, 20)
	require.Len(t, page(mine, false), 10)
	require.Len(t, page("Support@Desk.example", false), 10)
	require.Empty(t, page("nobody@desk.example", false))
	held := page(other.ID, true)
	require.NotEmpty(t, held)
	for _, f := range held {
		require.Equal(t, "quarantined", f.Fate)
		require.Equal(t, other.ID, f.Mailbox)
		require.Zero(t, f.Number)
		require.Equal(t, map[string]any{"why": "poison"}, f.Evidence)
		require.Equal(t, uint32(7), f.UIDValidity)
		require.Equal(t, fmt.Sprint("mail", f.UID), f.MessageID)
	}
	require.Equal(t, ticket.Number(1001), page(mine, false)[0].Number)

	_, next, err := s.Ledger(ctx, "", false, "", 3)
	require.NoError(t, err)
	for _, err := range []error{
		third(s.Ledger(ctx, mine, false, next, 3)), third(s.Ledger(ctx, "", true, next, 3)), third(s.Ledger(ctx, "", false, "?", 3)),
		third(s.Ledger(ctx, "", false, pack(lineMark{Box: "x"}), 3)), third(s.Ledger(ctx, "", false, "", 0)),
	} {
		require.Equal(t, ticket.Invalid, code(err))
	}
	require.Equal(t, ticket.NotFound, code(third(s.Ledger(ctx, "\x00", false, "", 3))))
}

func third[A, B any](_ A, _ B, err error) error { return err }

// What is promised in hours is promised in hours of business.
func TestAFirstDeskCountsBusinessHours(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	ctx := t.Context()
	require.NoError(t, s.EnsureAdmin(ctx, "admin", "Admin", "admin@desk.example"))
	spec := calendar.Spec{Key: "business", Version: 1, Zone: "Asia/Tokyo", Holidays: []calendar.Holiday{{Set: "jp"}}}
	spec.Week[time.Monday] = []calendar.Interval{{From: 9 * 60, To: 18 * 60}}
	first := FirstDesk{Key: "support", Name: "Support", Address: "support@desk.example", Group: "support", Calendar: spec}
	for range 2 {
		require.NoError(t, s.EnsureFirstDesk(ctx, first))
	}
	settings, err := s.Policy(ctx, "support")
	require.NoError(t, err)
	require.Equal(t, "business", settings.Calendar)
	all, err := s.Calendars(ctx)
	require.NoError(t, err)
	require.Len(t, all, 1)
	var pinned pins
	require.NoError(t, pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		pinned, err = pinsOf(ctx, tx, "support")
		return err
	}))
	require.Equal(t, pins{1, 1}, pinned)
	policy, err := s.policy(ctx, s.pool, settings, pinned.calendar)
	require.NoError(t, err)
	sunday := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	require.Equal(t, time.Date(2026, 11, 30, 6, 0, 0, 0, time.UTC), policy.Calendar.Add(sunday, settings.FirstResponse.Normal).UTC(), "15:00 in Tokyo on Monday")
}
