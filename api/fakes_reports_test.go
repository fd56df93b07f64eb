package api

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"duradesk/ticket"
)

// Report tells what it was asked for.
func (f *fake) Report(_ context.Context, q ticket.ReportQuery) (ticket.Report, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reported = q
	if q.Name != "volume" && q.Name != "agents" {
		return ticket.Report{}, none("report")
	}
	return ticket.Report{
		Columns: []ticket.ReportColumn{{Key: "time", Kind: "text"}, {Key: "opened", Kind: "count"}},
		Rows:    [][]any{{"=1+1", int64(12)}, {"請求", nil}, {nil, 2.5}},
	}, f.away
}

// FindArticles finds by a part of title or body.
func (f *fakeHouse) FindArticles(_ context.Context, q ticket.ArticleQuery) ([]Piece, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Piece
	for _, p := range f.pieces {
		var a ticket.Article
		if p.Kind != "article" || json.Unmarshal(p.Body, &a) != nil || q.State != "" && string(a.State) != q.State || q.Desks != nil && p.Desk != "" && !slices.Contains(q.Desks, p.Desk) ||
			!strings.Contains(strings.ToLower(a.Title+a.Body), strings.ToLower(q.Text)) {
			continue
		}
		out = append(out, p)
	}
	out = out[min(q.Offset, len(out)):]
	return out[:min(q.Limit, len(out))], f.away
}

// ArticleVersions knows the newest only.
func (f *fakeHouse) ArticleVersions(_ context.Context, desk, key string) ([]Piece, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.pieces), func(p Piece) bool { return p.Kind != "article" || p.Desk != desk || p.Key != key }), f.away
}
