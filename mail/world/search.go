package world

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // text in the charsets that mail is really written in
)

// search returns the messages of the view that match, in ascending order.
func (v *view) search(criteria *imap.SearchCriteria) ([]hit, error) {
	hits := v.hits(imap.SeqSet{imap.SeqRange{Start: 1, Stop: 0}})
	messages := v.folder.find(uidsOf(hits))
	filter := v.newFilter(criteria)
	var found []hit
	for _, h := range hits {
		if len(messages) == 0 || messages[0].uid != h.uid {
			continue // expunged by somebody else
		}
		c := &candidate{folder: v.folder, seq: h.seq, stored: messages[0]}
		messages = messages[1:]
		if filter.matches(c) && c.err == nil {
			found = append(found, h)
		}
		if c.err != nil && !errors.Is(c.err, fs.ErrNotExist) {
			return nil, c.err
		}
	}
	return found, nil
}

// save keeps a result for "$" (RFC 5182).
func (v *view) save(found []hit) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.saved = uidSet(uidsOf(found))
}

// A candidate is a message that a search looks at; its bytes are read only when a criterion asks for them.
type candidate struct {
	stored
	folder *folder
	seq    uint32
	raw    []byte
	read   bool
	err    error
}

func (c *candidate) bytes() []byte {
	if !c.read {
		c.raw, c.err = c.folder.read(c.uid)
		c.read = true
	}
	return c.raw
}

func (c *candidate) fields() []field {
	head, _ := splitMessage(c.bytes())
	return fields(head)
}

// A filter is a search whose number sets are resolved: it is what the criteria mean for one view.
type filter struct {
	*imap.SearchCriteria
	sets []map[imap.UID]bool
	not  []filter
	or   [][2]filter
}

func (v *view) newFilter(criteria *imap.SearchCriteria) filter {
	f := filter{SearchCriteria: criteria}
	for _, set := range criteria.SeqNum {
		f.sets = append(f.sets, v.members(set))
	}
	for _, set := range criteria.UID {
		f.sets = append(f.sets, v.members(set))
	}
	for i := range criteria.Not {
		f.not = append(f.not, v.newFilter(&criteria.Not[i]))
	}
	for i := range criteria.Or {
		f.or = append(f.or, [2]filter{v.newFilter(&criteria.Or[i][0]), v.newFilter(&criteria.Or[i][1])})
	}
	return f
}

func (v *view) members(set imap.NumSet) map[imap.UID]bool {
	members := make(map[imap.UID]bool)
	for _, h := range v.hits(set) {
		members[h.uid] = true
	}
	return members
}

// matches asks the cheap questions first.
func (f filter) matches(c *candidate) bool {
	for _, set := range f.sets {
		if !set[c.uid] {
			return false
		}
	}
	for _, flag := range f.Flag {
		if !c.flags.has(flag) {
			return false
		}
	}
	for _, flag := range f.NotFlag {
		if c.flags.has(flag) {
			return false
		}
	}
	if !onDay(c.date, f.Since, f.Before) || f.Larger != 0 && c.size <= f.Larger || f.Smaller != 0 && c.size >= f.Smaller {
		return false
	}
	return f.matchesText(c) && f.matchesOthers(c)
}

func (f filter) matchesOthers(c *candidate) bool {
	for _, not := range f.not {
		if not.matches(c) {
			return false
		}
	}
	for _, or := range f.or {
		if !or[0].matches(c) && !or[1].matches(c) {
			return false
		}
	}
	return true
}

func (f filter) matchesText(c *candidate) bool {
	for _, wanted := range f.Header {
		if !hasField(c.fields(), wanted.Key, wanted.Value) {
			return false
		}
	}
	if !f.SentSince.IsZero() || !f.SentBefore.IsZero() {
		sent, err := sentDate(c.fields())
		if err != nil || !onDay(sent, f.SentSince, f.SentBefore) {
			return false
		}
	}
	for _, text := range f.Text {
		if !hasField(c.fields(), "", text) && !hasText(c.bytes(), text) {
			return false
		}
	}
	for _, text := range f.Body {
		if !hasText(c.bytes(), text) {
			return false
		}
	}
	return true
}

// onDay compares dates without their time and zone, as RFC 9051 §6.4.4 says.
func onDay(t, since, before time.Time) bool {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return (since.IsZero() || !day.Before(since)) && (before.IsZero() || day.Before(before))
}

// hasField says whether a field of that name ("" for any) holds the text.
func hasField(all []field, name, text string) bool {
	for _, f := range all {
		if (name == "" || strings.EqualFold(f.name, name)) && (contains(f.decoded(), text) || contains(f.value(), text)) {
			return true
		}
	}
	return false
}

func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

func sentDate(all []field) (time.Time, error) {
	for _, f := range all {
		if strings.EqualFold(f.name, "Date") {
			return mail.ParseDate(f.value())
		}
	}
	return time.Time{}, errors.New("no Date field")
}

// hasText looks in the body as it stands and in its text parts, decoded.
func hasText(raw []byte, text string) bool {
	_, body := splitMessage(raw)
	if contains(string(body), text) {
		return true
	}
	return tolerant(func() bool {
		entity, err := message.Read(bytes.NewReader(raw))
		if entity == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			return false
		}
		found := false
		// An error ends the walk of a broken mail; what was seen until then counts.
		_ = entity.Walk(func(_ []int, part *message.Entity, err error) error {
			kind, _, _ := part.Header.ContentType()
			if err == nil && strings.HasPrefix(kind, "text/") {
				content, _ := io.ReadAll(part.Body)
				found = found || contains(string(content), text)
			}
			return err
		})
		return found
	})
}
