package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// articleCommand is adminCommand with the import of a folder.
type articleCommand struct {
	adminCommand
	Import articleImport `cmd:"" help:"Take articles in from a folder of Markdown files (.md); those that are there already are changed."`
}

type articleImport struct {
	remote
	Folder string `arg:"" type:"existingdir" help:"Each file NAME.md becomes the article NAME; its first heading is the title."`
	Desk   string `help:"To which the articles belong; unless said, they are for every desk."`
	State  string `default:"draft" enum:"draft,internal,published" help:"Of the articles that are new: draft, internal or published."`
}

// Run imports file by file, and stops at the first that is refused.
func (c *articleImport) Run(ctx context.Context) error {
	names, err := filepath.Glob(filepath.Join(c.Folder, "*.md"))
	if err != nil {
		return fmt.Errorf("list the folder: %w", err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read an article: %w", err)
		}
		key, title, body := articleOf(filepath.Base(name), string(raw))
		id := key
		if c.Desk != "" {
			id = c.Desk + ":" + key
		}
		done := "changed"
		err = c.ask(ctx, http.MethodPatch, "articles/"+url.PathEscape(id), map[string]any{"title": title, "body": body}, nil)
		if err != nil && c.ask(ctx, http.MethodGet, "articles/"+url.PathEscape(id), nil, nil) != nil {
			made := map[string]any{"key": key, "title": title, "body": body, "state": c.State}
			if c.Desk != "" {
				made["desk"] = c.Desk
			}
			done, err = "added", c.ask(ctx, http.MethodPost, "articles", made, nil)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(os.Stdout, "%s  %s  %s\n", done, id, title)
	}
	return nil
}

var noKey = regexp.MustCompile(`[^a-z0-9_-]+`)

// articleOf is what a file says: its name is the key, its first heading the title, the rest the text.
func articleOf(name, text string) (key, title, body string) {
	key = strings.Trim(noKey.ReplaceAllString(strings.ToLower(strings.TrimSuffix(name, filepath.Ext(name))), "-"), "-_")
	body = strings.TrimSpace(strings.ReplaceAll(strings.TrimPrefix(text, "\uFEFF"), "\r\n", "\n"))
	first, rest, _ := strings.Cut(body, "\n")
	if heading, is := strings.CutPrefix(first, "# "); is && strings.TrimSpace(rest) != "" {
		return key, strings.TrimSpace(heading), strings.TrimSpace(rest)
	}
	return key, key, body
}
