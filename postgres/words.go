package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"duradesk/find"
	"duradesk/ticket"
)

// What a ticket is filed under, as the index of its words holds it. None of these marks can begin a word.
const (
	labelChannel   = "channel="
	labelLanguage  = "language="
	labelType      = "type="
	labelReception = "reception="
)

// What a client is called and known by, cut into parts of any place (find.Parts).
const (
	partName   = "name="
	partMail   = "mail="
	partPhone  = "phone="
	partNumber = "number="
	partLogin  = "login="
)

// queueWords writes the words of a message beside it. What a mail quotes stands in its ticket already, but for the
// first one.
func queueWords(b *pgx.Batch, id string, first bool, m ticket.NewMessage) {
	text := m.Body
	if !first && m.Visible != "" {
		text = m.Visible
	}
	texts := []string{text}
	for _, f := range m.Files {
		if !f.Inline {
			texts = append(texts, f.Name)
		}
	}
	b.Queue(`insert into message_words (message, words) values ($1, array_to_tsvector($2::text[]))`, id, lexemes(texts...))
}

// The words of the three kinds of rows that are found, for who writes such rows in bulk.

// TitleWords are those of a ticket's title and labels.
func TitleWords(title, channel, language, kind, reception string) []string {
	return titleWords(title, channel, language, kind, reception)
}

// MessageWords are those of a message.
func MessageWords(body string) []string { return lexemes(body) }

// ClientWords are those of a client with one address and a number.
func ClientWords(name, email, number string) []string {
	return clientWords(name, []identity{{"mail", FoldAddress(email)}, {"number", foldNumber(number)}}, email, number)
}

// titleWords are the words of a ticket's title and its labels.
func titleWords(title, channel, language, kind, reception string) []string {
	words := append(lexemes(title), labelChannel+channel, labelLanguage+language, labelType+kind)
	if reception != "" {
		words = append(words, labelReception+find.Fold(reception))
	}
	return words
}

const writeTitleWords = `insert into ticket_words (ticket, words) values ($1, array_to_tsvector($2::text[])) on conflict (ticket) do update set words = excluded.words`

// lexemes is never nil, which would be NULL, and holds no text that Postgres cannot.
func lexemes(texts ...string) []string {
	for i, text := range texts {
		texts[i] = clean(text)
	}
	return orEmpty(find.Lexemes(texts...))
}

// rewordTitle writes a ticket's words anew after its labels have changed in this transaction.
func (a *applying) rewordTitle(ctx context.Context) error {
	if err := a.flush(ctx); err != nil {
		return err
	}
	var title, channel, language, kind, reception string
	err := a.tx.QueryRow(ctx, `select title, channel, language, type, coalesce(reception_type, '') from tickets where number = $1`, a.row.number).
		Scan(&title, &channel, &language, &kind, &reception)
	if err != nil {
		return fmt.Errorf("read the labels of a ticket: %w", err)
	}
	a.writes.Queue(writeTitleWords, a.row.number, titleWords(title, channel, language, kind, reception))
	return nil
}

// rewordClient writes the words of a client anew after his name or his identities have changed in this transaction.
// The client's row is locked before his identities are read: of two that change them, the later one sees both.
func rewordClient(ctx context.Context, tx pgx.Tx, id string) error {
	var name, email, phone, number string
	err := tx.QueryRow(ctx, `select name, coalesce(email, ''), coalesce(phone, ''), coalesce(number, '') from clients where id = $1 for no key update`, id).
		Scan(&name, &email, &phone, &number)
	if err != nil {
		return fmt.Errorf("read a client: %w", err)
	}
	rows, err := tx.Query(ctx, `select kind, value from identities where client = $1`, id)
	if err != nil {
		return fmt.Errorf("read a client's identities: %w", err)
	}
	known, err := pgx.CollectRows(rows, func(cr pgx.CollectableRow) (i identity, err error) { return i, cr.Scan(&i.kind, &i.value) })
	if err != nil {
		return fmt.Errorf("read a client's identities: %w", err)
	}
	if _, err := tx.Exec(ctx, writeClientWords, id, clientWords(name, known, email, phone, number)); err != nil {
		return fmt.Errorf("write the words of a client: %w", err)
	}
	return nil
}

const writeClientWords = `update clients set words = array_to_tsvector($2::text[]) where id = $1`

// clientWords are the words by which a client is found, and the parts by which fields are.
func clientWords(name string, known []identity, as ...string) []string {
	texts := append([]string{name}, as...)
	words := find.Parts(partName, find.Fold(clean(name)))
	for _, i := range known {
		texts = append(texts, i.value)
		value := find.Fold(i.value)
		switch i.kind {
		case "mail":
			words = append(words, find.Parts(partMail, value)...)
			words = append(words, find.Parts(partLogin, value)...)
		case "phone":
			words = append(words, find.Parts(partPhone, value)...)
		case "number":
			words = append(words, find.Parts(partNumber, value)...)
		case "login", "external":
			words = append(words, find.Parts(partLogin, value)...)
		}
	}
	return append(lexemes(texts...), words...)
}
