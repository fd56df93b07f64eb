package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

const settingColumns = `id::text, desk, address, enabled, imap_addr, imap_tls, smtp_addr, smtp_tls, folder, token_mechanism, username,
	token_url, token_client, token_scope, secret is not null, token_secret is not null, token_refresh is not null, token_expires_at,
	after_intake, after_folder, sent_folder, authserv_id, subaddress, from_start, poll_seconds,
	acks_address_hour, acks_address_day, acks_hour, automatics_ticket, sends_minute, coalesce(dkim_selector, ''), coalesce(dkim_public, ''), dkim_signs, version`

// MailSettings returns how a mailbox is set, without its secrets; ticket.NotFound where there is none.
func (s *Store) MailSettings(ctx context.Context, id string) (ticket.MailSettings, error) {
	if !properUUID(id) {
		return ticket.MailSettings{}, notFound("there is no mailbox %q", id)
	}
	rows, err := s.pool.Query(ctx, `select `+settingColumns+` from mailboxes where id = $1 and removed_at is null`, id)
	if err != nil {
		return ticket.MailSettings{}, fmt.Errorf("read the settings of mailbox %s: %w", id, err)
	}
	m, err := pgx.CollectExactlyOneRow(rows, scanSettings)
	if noRows(err) {
		return m, notFound("there is no mailbox %q", id)
	}
	if err != nil {
		return m, fmt.Errorf("read the settings of mailbox %s: %w", id, err)
	}
	return m, nil
}

func scanSettings(cr pgx.CollectableRow) (m ticket.MailSettings, err error) {
	l, c := &m.Login, &m.Caps
	err = cr.Scan(&m.ID, &m.Desk, &m.Address, &m.Enabled, &m.IMAP.Addr, &m.IMAP.TLS, &m.SMTP.Addr, &m.SMTP.TLS, &m.Folder, &l.Mode, &l.Username,
		&l.TokenURL, &l.ClientID, &l.Scope, &l.PasswordSet, &l.ClientSecretSet, &l.RefreshTokenSet, &l.ExpiresAt,
		&m.After.Mode, &m.After.Folder, &m.SentFolder, &m.Authserv, &m.Subaddress, &m.FromStart, &m.PollSeconds,
		&c.AddressHour, &c.AddressDay, &c.Hour, &c.TicketTenMinutes, &c.SendsMinute, &m.DKIM.Selector, &m.DKIM.Public, &m.DKIM.Signs, &m.Version)
	l.Mode = modeOf(l.Mode)
	return m, err
}

// modeOf is how a person calls a mechanism (RFC 7628; XOAUTH2 is Google's and Microsoft's).
func modeOf(mechanism string) string {
	if mechanism == "" {
		return ticket.LoginPassword
	}
	return strings.ToLower(mechanism)
}

func mechanismOf(mode string) string {
	if mode == ticket.LoginPassword {
		return ""
	}
	return strings.ToUpper(mode)
}

// AddMailbox stores a new mailbox. A taken address is a ticket.Conflict; one that was removed comes back with its
// ledger. An unknown desk is ticket.Invalid, and so is the address of an agent or a client: mail to him would be taken in.
func (s *Store) AddMailbox(ctx context.Context, m ticket.MailSettings) (ticket.MailSettings, error) {
	m.Address = FoldAddress(m.Address)
	err := s.change(ctx, func(tx pgx.Tx) error {
		fresh, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("name a mailbox: %w", err)
		}
		if _, err := tx.Exec(ctx, lockAddresses); err != nil {
			return fmt.Errorf("lock addresses: %w", err)
		}
		if err := refuseTheirs(ctx, tx, m.Address); err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `insert into mailboxes as m (id, desk, address, imap_addr, smtp_addr, username, enabled) values ($1, $2, $3, '', '', '', false)
			on conflict (address) do update set removed_at = null, desk = excluded.desk, secret = null where m.removed_at is not null returning id::text`,
			fresh.String(), m.Desk, m.Address).Scan(&m.ID)
		if noRows(err) {
			return conflict("/address", "there is already a mailbox %s", m.Address)
		}
		if err != nil {
			return err
		}
		return s.writeSettings(ctx, tx, m)
	})
	return s.saved(ctx, m, err)
}

// ChangeMailbox stores other settings of a mailbox; its address stays, and so do its cursor and the secrets that are not
// given. A mailbox that had stopped is tried again, and mail that rested because of it leaves. ticket.Conflict: somebody else changed it since m.Version.
func (s *Store) ChangeMailbox(ctx context.Context, m ticket.MailSettings) (ticket.MailSettings, error) {
	err := s.change(ctx, func(tx pgx.Tx) error {
		var version int
		err := tx.QueryRow(ctx, `select version, address from mailboxes where id = $1 and removed_at is null for no key update`, m.ID).Scan(&version, &m.Address)
		switch {
		case noRows(err):
			return notFound("there is no mailbox %q", m.ID)
		case err != nil:
			return err
		case version != m.Version:
			return conflict("", "somebody else changed this mailbox in the meantime: look at it again")
		}
		if err := rouse(ctx, tx, m.ID); err != nil {
			return err
		}
		return s.writeSettings(ctx, tx, m)
	})
	return s.saved(ctx, m, err)
}

func (s *Store) saved(ctx context.Context, m ticket.MailSettings, err error) (ticket.MailSettings, error) {
	if _, state := violated(err); state == foreignKey {
		err = invalid("/desk", "there is no desk %q", m.Desk)
	}
	if err != nil {
		return ticket.MailSettings{}, fmt.Errorf("save mailbox %s: %w", m.Address, err)
	}
	return s.MailSettings(ctx, m.ID)
}

// writeSettings writes all but secrets that are not given. With another way to get tokens, the one at hand is no longer
// used.
func (s *Store) writeSettings(ctx context.Context, tx pgx.Tx, m ticket.MailSettings) error {
	var sealed [4][]byte
	for i, secret := range []struct {
		plain   ticket.Secret
		context string
	}{
		{m.Login.Password, sealContext(m.Address)},
		{m.Login.ClientSecret, clientContext(m.Address)},
		{m.Login.RefreshToken, refreshContext(m.Address)},
		{m.DKIM.Key, signContext(m.Address)},
	} {
		if secret.plain == "" {
			continue
		}
		var err error
		if sealed[i], err = s.sealer.Seal([]byte(secret.plain.Reveal()), secret.context); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `update mailboxes set desk = $2, enabled = $3, imap_addr = $4, imap_tls = $5, smtp_addr = $6, smtp_tls = $7, folder = $8,
			token_mechanism = $9, username = $10, token_url = $11, token_client = $12, token_scope = $13,
			secret = coalesce($14, secret), token_secret = coalesce($15, token_secret), token_refresh = coalesce($16, token_refresh),
			after_intake = $17, after_folder = $18, sent_folder = $19, authserv_id = $20, subaddress = $21, from_start = $22, poll_seconds = $23,
			acks_address_hour = $24, acks_address_day = $25, acks_hour = $26, automatics_ticket = $27, sends_minute = $28,
			dkim_selector = nullif($29, ''), dkim_public = nullif($30, ''), dkim_signs = $31 and $29 <> '', dkim_key = case when $29 <> '' then coalesce($32, dkim_key) end,
			version = version + 1, troubles = 0, resting_until = null, last_error = null, alert = null, alert_at = null, token_lease_until = null,
			token_access = case when (token_url, token_client, token_scope) = ($11, $12, $13) and $15::bytea is null and $16::bytea is null then token_access end,
			state = case when state = 'polling' then state else 'waiting' end
		where id = $1`,
		m.ID, m.Desk, m.Enabled, m.IMAP.Addr, m.IMAP.TLS, m.SMTP.Addr, m.SMTP.TLS, clean(m.Folder), mechanismOf(m.Login.Mode), clean(m.Login.Username),
		clean(m.Login.TokenURL), clean(m.Login.ClientID), clean(m.Login.Scope), sealed[0], sealed[1], sealed[2],
		m.After.Mode, clean(m.After.Folder), clean(m.SentFolder), clean(m.Authserv), m.Subaddress, m.FromStart, m.PollSeconds,
		m.Caps.AddressHour, m.Caps.AddressDay, m.Caps.Hour, m.Caps.TicketTenMinutes, m.Caps.SendsMinute,
		m.DKIM.Selector, m.DKIM.Public, m.DKIM.Signs, sealed[3])
	return err
}

// RemoveMailbox ends the reading of a mailbox and sending through it, and destroys its secrets. Its lines in the ledger
// stay, so that a mailbox that is added again under its address takes nothing in twice.
func (s *Store) RemoveMailbox(ctx context.Context, id string) error {
	if !properUUID(id) {
		return notFound("there is no mailbox %q", id)
	}
	err := s.changeRow(ctx, notFound("there is no mailbox %q", id), `update mailboxes set removed_at = clock_timestamp(), enabled = false, version = version + 1, state = 'removed', last_error = null, alert = null,
		secret = null, token_secret = null, token_refresh = null, token_access = null, dkim_selector = null, dkim_key = null, dkim_public = null, dkim_signs = false
		where id = $1 and removed_at is null`, id)
	if err != nil {
		return fmt.Errorf("remove mailbox %s: %w", id, err)
	}
	return nil
}

// Doors returns how a mailbox is reached, with its secrets, whether it is switched on or not: to try it.
func (q *Queue) Doors(ctx context.Context, id string) (ticket.Doors, error) {
	a, err := q.s.Account(ctx, id)
	if err != nil {
		return ticket.Doors{}, err
	}
	var mechanism string
	if err := q.s.pool.QueryRow(ctx, `select token_mechanism from mailboxes where id = $1`, id).Scan(&mechanism); err != nil {
		return ticket.Doors{}, fmt.Errorf("read how mailbox %s logs in: %w", id, err)
	}
	sign, err := q.signingKey(ctx, q.s.pool, id)
	if err != nil {
		return ticket.Doors{}, err
	}
	return ticket.Doors{
		IMAP:   ticket.Account{Mailbox: id, Addr: a.IMAPAddr, TLS: a.IMAPTLS, Username: a.Username, Password: a.Password, Mechanism: mechanism},
		SMTP:   ticket.Account{Mailbox: id, Addr: a.SMTPAddr, TLS: a.SMTPTLS, Username: a.Username, Password: a.Password, Mechanism: mechanism},
		Folder: a.Folder, Sign: sign,
	}, nil
}

// signingKey is what the mail of a mailbox is signed with; none where it does not sign.
func (q *Queue) signingKey(ctx context.Context, db queryRower, mailbox string) (k ticket.SigningKey, err error) {
	var address string
	var sealed []byte
	err = db.QueryRow(ctx, `select address, dkim_selector, dkim_key from mailboxes where id = $1 and dkim_signs and dkim_key is not null`, mailbox).Scan(&address, &k.Selector, &sealed)
	if noRows(err) {
		return ticket.SigningKey{}, nil
	}
	if err != nil {
		return k, fmt.Errorf("read the key to sign with: %w", err)
	}
	plain, err := q.s.sealer.Open(sealed, signContext(address))
	if err != nil {
		return k, fmt.Errorf("key of mailbox %s to sign with: %w", mailbox, err)
	}
	_, k.Domain, _ = strings.Cut(address, "@")
	k.Key = ticket.Secret(plain)
	return k, nil
}

func signContext(address string) string { return "mailbox dkim " + address }
