package api

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

const usualTimeline = 100

// GetTimeline lists messages, notes and events, oldest first; from the end on, backwards, if asked to.
func (s *server) GetTimeline(c *gin.Context, n openapi.Number, q openapi.GetTimelineParams) {
	if _, err := s.visible(c, ticket.Number(n)); err != nil {
		s.told(c, err)
		return
	}
	client := askerOf(c).isClient()
	at, back, ok := wayOf(q.Cursor, value(q.Newest))
	if !ok {
		s.fail(c, badCursor())
		return
	}
	limit, read, on := usualTimeline, s.Reader.Timeline, cursor
	if back {
		read, on = s.Reader.TimelineBefore, cursorBack
	}
	if q.Limit != nil {
		limit = *q.Limit
	}
	ctx, done := budget(c)
	defer done()
	found, next, err := read(ctx, ticket.Number(n), at, limit, !client)
	if err != nil {
		s.told(c, err)
		return
	}
	if client {
		found = itemsForClient(found)
	}
	out := openapi.Timeline{Items: s.items(c, found)}
	if next > 0 {
		out.NextCursor = ptr(on(next))
	}
	answer(c, http.StatusOK, out)
}

// wayOf tells where a page begins and whether it goes backwards: as its cursor says, else as was asked.
func wayOf(cursor *string, newest bool) (at int64, back, ok bool) {
	if cursor == nil {
		return 0, newest, true
	}
	if at, ok = placeIn(*cursor, towardsOld); ok {
		return at, true, true
	}
	at, ok = position(cursor)
	return at, false, ok
}

func badCursor() problem {
	return problem{kind: invalidQuery, faults: []fault{{parameter: "cursor", code: "cursor"}}}
}

// cursor hides a position, so that nobody counts on what it is.
func cursor(position int64) string { return hidden(towardsNew, position) }

// cursorBack leads towards what is older.
func cursorBack(position int64) string { return hidden(towardsOld, position) }

const towardsNew, towardsOld = "t", "b"

func hidden(way string, position int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(way + strconv.FormatInt(position, 10)))
}

func position(cursor *string) (int64, bool) {
	if cursor == nil {
		return 0, true
	}
	return placeIn(*cursor, towardsNew)
}

func placeIn(cursor, way string) (int64, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	digits, ours := strings.CutPrefix(string(raw), way)
	n, perr := strconv.ParseInt(digits, 10, 64)
	return n, err == nil && perr == nil && ours && n > 0
}

// paged reads where a page begins, 0 where it is the first, and how long it may be; false where the cursor is none of
// ours, which it has answered then.
func (s *server) paged(c *gin.Context, from *string, limit *int) (at int64, most int, ok bool) {
	if at, ok = position(from); !ok {
		s.fail(c, badCursor())
	}
	return at, asLong(limit), ok
}

// onePage takes off the one more that was asked for to see whether there is a further page, and tells where that begins.
func onePage[T any](found []T, most int, at func(T) int64) (page []T, next *string) {
	if len(found) <= most {
		return found, nil
	}
	return found[:most], ptr(cursor(at(found[most-1])))
}

func (s *server) items(c *gin.Context, in []ticket.Item) []openapi.TimelineItem {
	lang, out := s.language(c), make([]openapi.TimelineItem, len(in))
	for i, it := range in {
		out[i] = item(it)
		out[i].Event = s.event(lang, it.Event)
		if t := it.Threading; t != nil {
			out[i].Threading = &openapi.Threading{Why: t.Why, Text: s.texts.say(lang, "threading."+t.Why, nil), Evidence: list(t.Evidence)}
			if t.MayBelongTo != 0 {
				out[i].Threading.MayBelongTo = ptr(int64(t.MayBelongTo))
			}
		}
	}
	return out
}

// item as JSON: fields that do not apply are left out.
func item(it ticket.Item) openapi.TimelineItem {
	out := openapi.TimelineItem{
		Id: it.ID, Seq: it.Seq, Revision: it.Revision, At: it.At.UTC(), Type: openapi.TimelineItemType(it.Type),
		By:        openapi.By{Kind: openapi.ByKind(it.By.Kind.String()), Id: it.By.ID, Name: it.By.Name},
		CommandId: some(it.CommandID), Html: some(it.HTML),
	}
	if it.Type != "event" {
		out.Body = &it.Body
		out.BodyFormat = some(openapi.TimelineItemBodyFormat(it.Format))
	}
	if it.HasRaw {
		out.Raw = ptr("/api/v1/messages/" + url.PathEscape(it.MessageID) + "/raw")
	}
	if len(it.Attachments) > 0 {
		files := make([]openapi.Attachment, len(it.Attachments))
		for i, a := range it.Attachments {
			files[i] = openapi.Attachment{Id: a.ID, Name: a.Name, Type: a.Type, Size: a.Size}
		}
		out.Attachments = &files
	}
	if len(it.Delivery) > 0 {
		mails := make([]openapi.Recipient, len(it.Delivery))
		for i, d := range it.Delivery {
			mails[i] = openapi.Recipient{Recipient: d.Address, State: openapi.RecipientState(d.State), Attempts: d.Attempts, Reason: some(d.Reason), Channel: some(d.Channel)}
		}
		out.Delivery = &mails
	}
	return out
}

func (s *server) event(lang string, e *ticket.Event) *openapi.Event {
	if e == nil {
		return nil
	}
	out := &openapi.Event{Name: e.Name, Text: s.texts.say(lang, "event."+e.Name, nil), From: some(e.From.String()), To: some(e.To.String())}
	if e.Cause != (ticket.Cause{}) {
		out.Cause = &openapi.Cause{Rule: some(e.Cause.Rule), Why: some(e.Cause.Why)}
	}
	if len(e.Data) > 0 {
		out.Data = &e.Data
	}
	return out
}
