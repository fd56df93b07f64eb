package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// all reads a file to its end and closes it.
func all(t testing.TB, content io.ReadCloser) string {
	t.Helper()
	data, err := io.ReadAll(content)
	require.NoError(t, err)
	require.NoError(t, content.Close())
	return string(data)
}

// sendAhead keeps a file for its message.
func (q *Queue) sendAhead(t testing.TB, by ticket.Actor, name, data string) ticket.Upload {
	t.Helper()
	u, err := q.s.KeepUpload(t.Context(), uploadOf(by, name, data), strings.NewReader(data))
	require.NoError(t, err)
	return u
}

func uploadOf(by ticket.Actor, name, data string) ticket.Upload {
	return ticket.Upload{By: by.Key(), Name: name, Type: "text/plain", Size: int64(len(data)), Hash: sha256.Sum256([]byte(data))}
}

// with is a command whose message has these files.
func with(id string, n ticket.Number, by ticket.Actor, files ...ticket.NewFile) ticket.Order {
	o := command(id, n, ticket.AgentResponse, by, "Dear")
	o.Message.Files = files
	return o
}

func (q *Queue) fileIDs(t testing.TB, n ticket.Number) []string {
	t.Helper()
	var ids []string
	rows, err := q.s.pool.Query(t.Context(), `select f.id::text from attachments f join messages m on m.id = f.message where m.ticket = $1 order by m.at, f.position`, n)
	require.NoError(t, err)
	for rows.Next() {
		var id string
		require.NoError(t, rows.Scan(&id))
		ids = append(ids, id)
	}
	require.NoError(t, rows.Err())
	return ids
}

func TestAnUploadGoesWithItsMessage(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	big := strings.Repeat("0123456789", 3*slice/20) // one and a half slices
	u := q.sendAhead(t, sato, "手順.txt", big)
	q.sendAhead(t, lead, "same.txt", big)
	requireCount(t, q.s, 1, `select count(*) from blobs where length(data) = $1`, len(big))

	_, err := q.s.Upload(t.Context(), lead.Key(), u.ID)
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err), "it is its uploader's alone")
	_, _, err = q.Store(t.Context(), with("stolen", n, lead, ticket.NewFile{Upload: u.ID}))
	require.Error(t, err, "nothing is sent without what was attached")
	q.carried(t, with("a1", n, sato, ticket.NewFile{Upload: u.ID}, ticket.NewFile{Name: "b", Type: "text/plain", Data: []byte("b")}))
	q.carried(t, with("a2", n, sato, ticket.NewFile{Upload: u.ID})) // as often as it is needed

	ids := q.fileIDs(t, n)
	require.Len(t, ids, 3)
	a, content, err := q.s.File(t.Context(), ids[0])
	require.NoError(t, err)
	require.Equal(t, ticket.Attachment{ID: ids[0], Name: "手順.txt", Type: "text/plain", Size: int64(len(big))}, a)
	at, err := content.Seek(-3, io.SeekEnd)
	require.NoError(t, err)
	require.EqualValues(t, len(big)-3, at)
	end := make([]byte, 8)
	got, err := content.Read(end)
	require.NoError(t, err)
	require.Equal(t, "789", string(end[:got]))
	_, err = content.Seek(0, io.SeekStart)
	require.NoError(t, err)
	require.Equal(t, big, all(t, content))

	// It expires; what it was sent with stays.
	exec(t, q.s, `update uploads set expires_at = clock_timestamp()`)
	_, err = q.s.Upload(t.Context(), sato.Key(), u.ID)
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err))
	require.NoError(t, q.CleanFiles(t.Context()))
	requireCount(t, q.s, 0, `select count(*) from uploads`)
	requireCount(t, q.s, 0, `select count(*) from loose_blobs`)
	requireCount(t, q.s, 1, `select count(*) from blobs where length(data) = $1`, len(big))
}

func TestWhatNobodyRefersToIsCleanedAway(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	q.sendAhead(t, sato, "a", "never sent")
	d := written(n, ticket.AgentResponse, "Dear")
	d.Message.Files = []ticket.NewFile{{Upload: q.sendAhead(t, sato, "b", "in a draft").ID}, {Name: "c", Type: "text/plain", Data: []byte("thrown away")}}
	d = save(t, q, d)
	require.Equal(t, []string{"b", "c"}, []string{d.Message.Files[0].Name, d.Message.Files[1].Name})
	_, content, err := q.s.DraftFile(t.Context(), "sato", n, d.Message.Files[0].DraftFile)
	require.NoError(t, err)
	require.Equal(t, "in a draft", all(t, content))
	d.Message.Files = d.Message.Files[:1]
	save(t, q, d)
	d.Message.Files = []ticket.NewFile{{Upload: "0191d3c0-7a51-7cc0-9d53-0d6f8f1a2b3f"}}
	_, err = q.s.SaveDraft(t.Context(), d)
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err))

	require.NoError(t, q.CleanFiles(t.Context()))
	requireCount(t, q.s, 2, `select count(*) from blobs where data in ('never sent', 'in a draft', 'thrown away')`)
	exec(t, q.s, `update uploads set expires_at = clock_timestamp()`)
	require.NoError(t, q.CleanFiles(t.Context()))
	requireCount(t, q.s, 1, `select count(*) from blobs where data in ('never sent', 'in a draft', 'thrown away')`)
	require.NoError(t, q.s.DropDraft(t.Context(), "sato", n, "agent-response"))
	require.NoError(t, q.CleanFiles(t.Context()))
	requireCount(t, q.s, 0, `select count(*) from blobs where data in ('never sent', 'in a draft', 'thrown away')`)
}

func TestUploadsAreBoundedAndErased(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	u := q.sendAhead(t, sato, "a", "to be erased")
	q.carried(t, with("a1", n, sato, ticket.NewFile{Upload: u.ID}))
	exec(t, q.s, `update uploads set size = $1`, mostUploaded-3)
	_, err := q.s.KeepUpload(t.Context(), uploadOf(sato, "b", "four"), strings.NewReader("four"))
	require.Equal(t, ticket.TooLarge, ticket.CodeOf(err))
	q.sendAhead(t, sato, "b", "two")
	admin := ticket.Actor{Kind: ticket.ActorAgent, ID: "admin", Role: ticket.RoleAdmin}
	q.carried(t, command("close", n, ticket.Close, admin, ""))
	require.Equal(t, ticket.Applied, q.carried(t, command("erase", n, ticket.Delete, admin, "")).Outcome)
	requireCount(t, q.s, 0, `select count(*) from blobs where data = 'to be erased'`)
	requireCount(t, q.s, 1, `select count(*) from uploads`)
}

func TestABulkJobKeepsItsUploads(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	u := q.sendAhead(t, sato, "a", "for many")
	o := with("x", 0, sato, ticket.NewFile{Upload: u.ID})
	_, err := q.AddBulk(t.Context(), Bulk{ID: u.ID, Agent: "sato", Request: "r", Order: o}, []ticket.Number{n})
	require.NoError(t, err)
	requireCount(t, q.s, 1, `select count(*) from uploads where expires_at > clock_timestamp() + interval '29 days'`)
}

// shelf is a store of objects that fails when it is told to.
type shelf struct {
	mu      sync.Mutex
	objects map[string][]byte
	fails   error
	spoils  bool
}

func (s *shelf) Put(_ context.Context, key string, content io.Reader, size int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, err := io.ReadAll(content)
	if err != nil || s.fails != nil {
		return errors.Join(err, s.fails)
	}
	if int64(len(data)) != size {
		return io.ErrUnexpectedEOF
	}
	if s.spoils {
		data = append(data, '!')
	}
	s.objects[key] = data
	return nil
}

func (s *shelf) Open(_ context.Context, key string, from int64) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, there := s.objects[key]
	if s.fails != nil || !there {
		return nil, errors.Join(errors.New("no such object"), s.fails)
	}
	return io.NopCloser(bytes.NewReader(data[from:])), nil
}

func (s *shelf) Remove(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails == nil {
		delete(s.objects, key)
	}
	return s.fails
}

func (s *shelf) holds() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for data := range maps.Values(s.objects) {
		out = append(out, string(data))
	}
	slices.Sort(out)
	return out
}

func shelved(t testing.TB) (*Queue, *shelf) {
	t.Helper()
	q, s := engine(t), &shelf{objects: map[string][]byte{}}
	q.s.objects = s
	return q, s
}

func TestFilesLieOutsideTheDatabase(t *testing.T) {
	t.Parallel()
	q, outside := shelved(t)
	n := opened(t, q)
	u := q.sendAhead(t, sato, "a", "sent ahead")
	q.sendAhead(t, lead, "a", "sent ahead") // the same bytes are stored once
	d := written(n, ticket.Note, "note")
	d.Message.Files = []ticket.NewFile{{Name: "d", Type: "text/plain", Data: []byte("in a draft")}}
	save(t, q, d)
	q.carried(t, with("a1", n, sato, ticket.NewFile{Upload: u.ID}, ticket.NewFile{Name: "b", Type: "text/plain", Data: []byte("in the request")}))
	require.Equal(t, []string{"in a draft", "in the request", "sent ahead"}, outside.holds())
	requireCount(t, q.s, 3, `select count(*) from blobs where data is null`)
	requireCount(t, q.s, 0, `select count(*) from loose_objects`)

	// It is read from there: by people, and by the mail that it goes with.
	ids := q.fileIDs(t, n)
	_, content, err := q.s.File(t.Context(), ids[0])
	require.NoError(t, err)
	_, err = content.Seek(5, io.SeekStart)
	require.NoError(t, err)
	require.Equal(t, "ahead", all(t, content))
	var delivery string
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select id::text from deliveries where occasion = 'answer'`).Scan(&delivery))
	outside.fails = errors.New("on fire")
	_, _, err = q.s.File(t.Context(), ids[0])
	require.True(t, Away(err), "%v", err)
	_, err = q.Begin(t.Context(), delivery)
	require.True(t, Away(err), "no mail leaves without its files: %v", err)
	outside.fails = nil
	attempt, err := q.Begin(t.Context(), delivery)
	require.NoError(t, err)
	require.Equal(t, "sent ahead", string(attempt.Mail.Files[0].Data))
	require.Equal(t, "in the request", string(attempt.Mail.Files[1].Data))
	place, err := q.s.FilesPlaced(t.Context())
	require.NoError(t, err)
	require.Equal(t, FilesPlaced{Outside: 3, OutsideBytes: 34}, place)

	// The source of a mail that is the very same bytes lies in the database, for both.
	_, err = q.Receive(t.Context(), []ticket.Received{{Mailbox: mailboxID(t, q), UIDValidity: 1, UID: 7, Digest: sha256.Sum256([]byte("in a draft")), Raw: []byte("in a draft")}})
	require.NoError(t, err)
	requireCount(t, q.s, 1, `select count(*) from blobs where data = 'in a draft' and object is null`)
	require.NoError(t, q.CleanFiles(t.Context()))
	require.Equal(t, []string{"in the request", "sent ahead"}, outside.holds())

	admin := ticket.Actor{Kind: ticket.ActorAgent, ID: "admin", Role: ticket.RoleAdmin}
	q.carried(t, command("close", n, ticket.Close, admin, ""))
	require.Equal(t, ticket.Applied, q.carried(t, command("erase", n, ticket.Delete, admin, "")).Outcome)
	require.NoError(t, q.CleanFiles(t.Context()))
	require.Empty(t, outside.holds(), "erasure reaches what lies outside")
	requireCount(t, q.s, 0, `select count(*) from loose_objects`)
}

func mailboxID(t testing.TB, q *Queue) (id string) {
	t.Helper()
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select id::text from mailboxes limit 1`).Scan(&id))
	return id
}

func TestNothingIsLostWhereTheOutsideStoreFails(t *testing.T) {
	t.Parallel()
	q, outside := shelved(t)
	n := opened(t, q)
	outside.fails = errors.New("on fire")
	u := q.sendAhead(t, sato, "a", "sent ahead")
	q.carried(t, with("a1", n, sato, ticket.NewFile{Upload: u.ID}, ticket.NewFile{Name: "b", Type: "text/plain", Data: []byte("in the request")}))
	requireCount(t, q.s, 2, `select count(*) from blobs where data in ('sent ahead', 'in the request')`)
	requireCount(t, q.s, 2, `select count(*) from loose_objects where from_then > clock_timestamp() + interval '23 hours'`)
	require.NoError(t, q.CleanFiles(t.Context()), "they are not due")
	exec(t, q.s, `update loose_objects set from_then = clock_timestamp()`)
	require.Error(t, q.CleanFiles(t.Context()))
	requireCount(t, q.s, 2, `select count(*) from loose_objects`)
	outside.fails = nil
	require.NoError(t, q.CleanFiles(t.Context()))
	requireCount(t, q.s, 0, `select count(*) from loose_objects`)

	// A process that died after its bytes were stored left a key, by which they are found.
	dead, err := q.s.putObject(t.Context(), sha256.Sum256([]byte("x")), 1, strings.NewReader("x"))
	require.NoError(t, err)
	require.Equal(t, []string{"x"}, outside.holds())
	exec(t, q.s, `update loose_objects set from_then = clock_timestamp() where key = $1`, dead)
	require.NoError(t, q.CleanFiles(t.Context()))
	require.Empty(t, outside.holds())
}

func TestFilesMoveAndComeBack(t *testing.T) {
	t.Parallel()
	q, outside := shelved(t)
	n := opened(t, q)
	q.s.objects = nil
	require.ErrorIs(t, q.s.MoveFiles(t.Context(), true, func(int) {}), errNoObjects)
	q.carried(t, with("a1", n, sato, ticket.NewFile{Name: "a", Type: "text/plain", Data: []byte("first")}, ticket.NewFile{Name: "b", Type: "text/plain", Data: []byte("second")}))
	ids := q.fileIDs(t, n)
	_, reading, err := q.s.File(t.Context(), ids[0])
	require.NoError(t, err)

	q.s.objects = outside
	outside.spoils = true
	require.ErrorContains(t, q.s.MoveFiles(t.Context(), true, func(int) {}), "other bytes")
	requireCount(t, q.s, 2, `select count(*) from blobs where data in ('first', 'second')`)
	outside.spoils = false
	moved := 0
	require.NoError(t, q.s.MoveFiles(t.Context(), true, func(size int) { moved += size }))
	require.Equal(t, 11, moved)
	requireCount(t, q.s, 2, `select count(*) from blobs where data is null and object is not null`)
	require.Equal(t, "first", all(t, reading), "who was reading goes on")
	_, content, err := q.s.File(t.Context(), ids[1])
	require.NoError(t, err)
	require.Equal(t, "second", all(t, content))
	q.s.objects = nil
	_, _, err = q.s.File(t.Context(), ids[1])
	require.ErrorIs(t, err, errNoObjects)
	q.s.objects = outside

	require.NoError(t, q.s.MoveFiles(t.Context(), false, func(int) {}))
	requireCount(t, q.s, 2, `select count(*) from blobs where data in ('first', 'second') and object is null`)
	exec(t, q.s, `update loose_objects set from_then = clock_timestamp()`)
	require.NoError(t, q.CleanFiles(t.Context()))
	require.Empty(t, outside.holds(), "what was moved back is cleaned away")
}

// TestOneFileSentAtOnceIsStoredOnce: whoever is second loses his copy, not his file.
func TestOneFileSentAtOnceIsStoredOnce(t *testing.T) {
	t.Parallel()
	q, outside := shelved(t)
	var g sync.WaitGroup
	for range 8 {
		g.Go(func() {
			_, err := q.s.KeepUpload(t.Context(), uploadOf(sato, "a", "the same"), strings.NewReader("the same"))
			requireNoError(t, err)
		})
	}
	g.Wait()
	requireCount(t, q.s, 8, `select count(*) from uploads`)
	requireCount(t, q.s, 1, `select count(*) from blobs where object is not null`)
	exec(t, q.s, `update loose_objects set from_then = clock_timestamp()`)
	require.NoError(t, q.CleanFiles(t.Context()))
	require.Equal(t, []string{"the same"}, outside.holds())
}
