package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Mailbox is one polled mailbox as lists show it, without its secret. LastError is what is wrong with reading it, else what
// an operator must see of it.
type Mailbox struct {
	ID, Desk, Address, State, LastError string
	LastSeen                            *time.Time
	UIDValidity, LastUID                uint32
}

// Mailboxes returns all, by address.
func (s *Store) Mailboxes(ctx context.Context) ([]Mailbox, error) {
	rows, err := s.pool.Query(ctx, `select id::text, desk, address, state, coalesce(last_error, alert, ''), last_seen_at, uidvalidity, last_uid
		from mailboxes where removed_at is null order by address`)
	if err != nil {
		return nil, fmt.Errorf("list mailboxes: %w", err)
	}
	boxes, err := pgx.CollectRows(rows, func(cr pgx.CollectableRow) (m Mailbox, err error) {
		return m, cr.Scan(&m.ID, &m.Desk, &m.Address, &m.State, &m.LastError, &m.LastSeen, &m.UIDValidity, &m.LastUID)
	})
	if err != nil {
		return nil, fmt.Errorf("list mailboxes: %w", err)
	}
	return boxes, nil
}

// Account is a mailbox as mail is fetched from it and sent through it. TLS is none, starttls or tls.
type Account struct {
	ID, Desk, Address    string
	IMAPAddr, IMAPTLS    string
	SMTPAddr, SMTPTLS    string
	Username             string
	Password             ticket.Secret
	Folder               string
	Subaddress           bool // mail to stem+anything arrives here
	FromStart            bool // read from its first message, not only what comes from now on
	Enabled              bool
	UIDValidity, LastUID uint32 // the cursor
}

const accountColumns = `id::text, desk, address, imap_addr, imap_tls, smtp_addr, smtp_tls, username, secret, folder, subaddress, from_start, enabled, uidvalidity, last_uid`

// Accounts returns the enabled mailboxes with their secrets, by address.
func (s *Store) Accounts(ctx context.Context) ([]Account, error) {
	rows, err := s.pool.Query(ctx, `select `+accountColumns+` from mailboxes where enabled order by address`)
	if err != nil {
		return nil, fmt.Errorf("list mail accounts: %w", err)
	}
	accounts, err := pgx.CollectRows(rows, s.scanAccount)
	if err != nil {
		return nil, fmt.Errorf("list mail accounts: %w", err)
	}
	return accounts, nil
}

// Account returns a mailbox with its secret; ticket.NotFound where there is none.
func (s *Store) Account(ctx context.Context, id string) (Account, error) {
	if !properUUID(id) {
		return Account{}, notFound("there is no mailbox %q", id)
	}
	rows, err := s.pool.Query(ctx, `select `+accountColumns+` from mailboxes where id = $1`, id)
	if err != nil {
		return Account{}, fmt.Errorf("read mail account %s: %w", id, err)
	}
	a, err := pgx.CollectExactlyOneRow(rows, s.scanAccount)
	if noRows(err) {
		return Account{}, notFound("there is no mailbox %q", id)
	}
	if err != nil {
		return Account{}, fmt.Errorf("read mail account %s: %w", id, err)
	}
	return a, nil
}

func (s *Store) scanAccount(cr pgx.CollectableRow) (Account, error) {
	var a Account
	var sealed []byte
	err := cr.Scan(&a.ID, &a.Desk, &a.Address, &a.IMAPAddr, &a.IMAPTLS, &a.SMTPAddr, &a.SMTPTLS, &a.Username, &sealed, &a.Folder,
		&a.Subaddress, &a.FromStart, &a.Enabled, &a.UIDValidity, &a.LastUID)
	if err != nil || sealed == nil {
		return a, err
	}
	plain, err := s.sealer.Open(sealed, sealContext(a.Address))
	if err != nil {
		return Account{}, fmt.Errorf("password of mailbox %s: %w", a.ID, err)
	}
	a.Password = ticket.Secret(plain)
	return a, nil
}

// sealContext ties a sealed password to its mailbox: moved to another row it does not open.
func sealContext(address string) string { return "mailbox " + address }

// SaveAccount stores a mailbox under its address, or changes the one that is there; the cursor stays, and so does the
// password where none is given. An unknown desk or kind of TLS is ticket.Invalid.
func (s *Store) SaveAccount(ctx context.Context, a Account) (Account, error) {
	id, err := s.saveAccount(ctx, s.pool, a, replaceAccount)
	if err != nil {
		return Account{}, fmt.Errorf("save a mail account: %w", err)
	}
	return s.Account(ctx, id)
}

// What becomes of a mailbox that is there: it is as it is now said to be, or only its doors and its login are.
const (
	replaceAccount = setAccount + `, desk = excluded.desk, imap_tls = excluded.imap_tls, smtp_tls = excluded.smtp_tls,
		folder = excluded.folder, subaddress = excluded.subaddress, from_start = excluded.from_start, enabled = excluded.enabled, removed_at = null`
	moveAccount = setAccount + ` where m.version = 1` // once a person has set it, it is his
	setAccount  = `imap_addr = excluded.imap_addr, smtp_addr = excluded.smtp_addr, username = excluded.username, secret = coalesce(excluded.secret, m.secret), troubles = 0, resting_until = null,
		state = case when m.state = 'stopped' then 'waiting' else m.state end`
)

func (s *Store) saveAccount(ctx context.Context, q querier, a Account, existing string) (id string, err error) {
	if a, err = a.complete(); err != nil {
		return "", err
	}
	var sealed []byte
	if a.Password != "" {
		if sealed, err = s.sealer.Seal([]byte(a.Password), sealContext(a.Address)); err != nil {
			return "", err
		}
	}
	fresh, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("name a mailbox: %w", err)
	}
	err = q.QueryRow(ctx, `
		insert into mailboxes as m (id, desk, address, imap_addr, imap_tls, smtp_addr, smtp_tls, username, secret, folder, subaddress, from_start, enabled)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		on conflict (address) do update set `+existing+`
		returning id::text`,
		fresh.String(), a.Desk, a.Address, a.IMAPAddr, a.IMAPTLS, a.SMTPAddr, a.SMTPTLS, a.Username, sealed, a.Folder, a.Subaddress, a.FromStart, a.Enabled).Scan(&id)
	if _, state := violated(err); state == foreignKey {
		return "", invalid("/desk", "there is no desk %q", a.Desk)
	}
	if noRows(err) { // it is there and stays as it is
		return "", nil
	}
	return id, err
}

var tlsKinds = []string{"none", "starttls", "tls"}

// complete fills in defaults and refuses what cannot work.
func (a Account) complete() (Account, error) {
	a.Address = FoldAddress(a.Address)
	for _, kind := range []*string{&a.IMAPTLS, &a.SMTPTLS} {
		if *kind == "" {
			*kind = "none"
		}
	}
	if a.Folder == "" {
		a.Folder = "INBOX"
	}
	if a.Username == "" {
		a.Username = a.Address
	}
	switch {
	case a.Address == "":
		return a, invalid("/address", "a mailbox needs an address")
	case !slices.Contains(tlsKinds, a.IMAPTLS):
		return a, invalid("/imap_tls", "%q is not a kind of TLS; use none, starttls or tls", a.IMAPTLS)
	case !slices.Contains(tlsKinds, a.SMTPTLS):
		return a, invalid("/smtp_tls", "%q is not a kind of TLS; use none, starttls or tls", a.SMTPTLS)
	}
	return a, nil
}
