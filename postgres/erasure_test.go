package postgres

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// planted stands in everything that people say about a ticket; it must be nowhere once the ticket is erased.
const planted = "Quetzalcoatlus"

// fullOfIt is a ticket in which the word stands wherever a word can stand: subject, bodies, addresses, Message-IDs, file
// names and contents, labels, solution, promise, comment, draft, and the source of a mail.
func fullOfIt(t *testing.T, q *Queue) ticket.Number {
	t.Helper()
	in := mailIn("in", 0, "Body "+planted)
	in.Message.MailID = planted + ".1@client.example"
	in.Opening.Title = "Subject " + planted
	in.Message.Visible = "Visible " + planted
	in.Message.HTML = "<p>" + planted + "</p>"
	in.Message.InReplyTo = planted + "@client.example"
	in.Message.Author.Name = planted
	in.Name = planted
	in.Message.Cc = []string{planted + "@elsewhere.example"}
	n := q.mustStore(t, in).Number
	q.mustApply(t, ticket.ApplyInput{Number: n})
	does := func(o ticket.Order) {
		t.Helper()
		require.Equal(t, ticket.Applied, q.carried(t, o).Outcome, o.ID)
	}
	does(command("note", n, ticket.Note, sato, "Note "+planted))
	answer := with("answer", n, sato, ticket.NewFile{Upload: q.sendAhead(t, sato, planted+".txt", "File "+planted).ID})
	answer.Message.Body = "Answer " + planted
	does(answer)
	classify := command("classify", n, ticket.Classify, sato, "")
	title := "Another " + planted
	kind := "Repairs"
	classify.Params.Classify = &ticket.ClassifyParams{Title: &title, Tags: &[]string{planted}, Fields: map[string]any{"model": planted}, ReceptionType: &kind}
	does(classify)
	promise := command("promise", n, ticket.Promise, sato, "")
	promise.Params.Promise = &ticket.PromiseParams{DueAt: time.Now().Add(time.Hour), Text: planted}
	does(promise)
	final := command("final", n, ticket.Resolve, sato, "Final "+planted)
	final.Params.Resolve = &ticket.ResolveParams{Solution: planted}
	does(final)
	rated := command("feedback", n, ticket.Feedback, ticket.Actor{Kind: ticket.ActorClient}, "")
	rated.Params.Feedback = &ticket.FeedbackParams{Rating: 2, Comment: planted}
	does(rated)
	does(command("close", n, ticket.Close, lead, ""))
	return n
}

// tellsOf lists every table in which the word stands, in clear or as bytes.
func tellsOf(t *testing.T, s *Store, word string) []string {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), `select format('%I', relname) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(tables), 40)
	var found []string
	for _, table := range tables {
		var n int
		sql := fmt.Sprintf(`select count(*) from %s x where x::text ilike $1 or x::text ilike $2`, table)
		require.NoError(t, s.pool.QueryRow(t.Context(), sql, "%"+word+"%", "%"+hex.EncodeToString([]byte(word))+"%").Scan(&n))
		if n > 0 {
			found = append(found, table)
		}
	}
	return found
}

// TestErasureLeavesNoWordAndEveryFigure is the proof of an erasure: what was said stands in no table any more, in whatever
// form, and the reports of before are the reports of after: all but the count of comments, which are words themselves.
func TestErasureLeavesNoWordAndEveryFigure(t *testing.T) {
	t.Parallel()
	q := engine(t)
	exec(t, q.s, `insert into furniture (kind, desk, key, body) values ('reception_type', 'support', 'repairs', '{"label": {"en": "Repairs", "ja": "修理"}, "fields": []}')`)
	n := fullOfIt(t, q)
	before := tellsOf(t, q.s, planted)
	for _, table := range []string{"messages", "tickets", "commands", "attachments", "blobs", "promises", "feedback", "events", "ticket_words", "message_words"} {
		require.Contains(t, before, table, "the test planted it there")
	}
	at := time.Now()
	told := func() map[string]ticket.Report {
		out := map[string]ticket.Report{}
		for name := range reports {
			r, err := q.s.Report(t.Context(), ticket.ReportQuery{Name: name, From: at.Add(-48 * time.Hour), To: at.Add(48 * time.Hour), Zone: "Asia/Tokyo", Per: "day", By: "desk", Now: at})
			require.NoError(t, err, name)
			i := slices.IndexFunc(r.Columns, func(c ticket.ReportColumn) bool { return c.Key == "comments" })
			for _, row := range r.Rows {
				if i >= 0 {
					row[i] = nil
				}
			}
			out[name] = r
		}
		return out
	}
	figures := told()
	admin := ticket.Actor{Kind: ticket.ActorAgent, ID: "admin", Role: ticket.RoleAdmin}
	require.Equal(t, ticket.Applied, q.carried(t, command("erase", n, ticket.Delete, admin, "")).Outcome)
	require.NoError(t, q.CleanFiles(t.Context()))
	require.Empty(t, tellsOf(t, q.s, planted), strings.Join(before, ", "))
	require.Equal(t, figures, told())

	// A reception type that is not the desk's is somebody's words.
	other := q.mustStore(t, mailIn("other", 0, "hello")).Number
	q.mustApply(t, ticket.ApplyInput{Number: other})
	exec(t, q.s, `update tickets set reception_type = $2 where number = $1`, other, planted)
	q.carried(t, command("close other", other, ticket.Close, lead, ""))
	require.Equal(t, ticket.Applied, q.carried(t, command("erase other", other, ticket.Delete, admin, "")).Outcome)
	require.Empty(t, tellsOf(t, q.s, planted))
}
