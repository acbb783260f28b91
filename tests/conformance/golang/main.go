// Checks an exported log with golang.org/x/mod, the code of Go's own checksum database: every file
// under tile/ byte for byte against the entries, the root of every signed checkpoint, signatures,
// a proof of every entry and between every two checkpoints, its own and those given to it.
//
//	check DIR PROOFS
package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8
const width = 1 << height

func main() {
	if err := check(os.Args[1], os.Args[2]); err != nil {
		fmt.Println("REFUSED:", err)
		os.Exit(1)
	}
}

func check(dir, proofs string) error {
	trees, newest, err := readCheckpoints(dir)
	if err != nil {
		return err
	}
	entries, err := readEntries(dir, newest.N)
	if err != nil {
		return err
	}
	hashes, err := hashAll(entries)
	if err != nil {
		return err
	}
	for _, tree := range append(trees, newest) {
		root, err := tlog.TreeHash(tree.N, hashes)
		if err != nil {
			return err
		}
		if root != tree.Hash {
			return fmt.Errorf("the root of %d is not that of its entries", tree.N)
		}
	}
	files, err := compareFiles(dir, newest.N, entries, hashes)
	if err != nil {
		return err
	}
	if err := proveAll(dir, trees, newest, entries); err != nil {
		return err
	}
	given, err := checkGiven(proofs, trees, newest, entries)
	if err != nil {
		return err
	}
	fmt.Printf("entries %d checkpoints %d files %d proofs %d\n",
		newest.N, len(trees), files, given)
	return nil
}

// readCheckpoints opens every checkpoint.N, and checkpoint, with the key in log.vkey.
func readCheckpoints(dir string) (trees []tlog.Tree, newest tlog.Tree, err error) {
	vkey, err := os.ReadFile(filepath.Join(dir, "log.vkey"))
	if err != nil {
		return nil, newest, err
	}
	verifier, err := note.NewVerifier(strings.TrimSuffix(string(vkey), "\n"))
	if err != nil {
		return nil, newest, err
	}
	witness, err := witnessVerifier(os.Getenv("WITNESS"))
	if err != nil {
		return nil, newest, err
	}
	paths, err := filepath.Glob(filepath.Join(dir, "checkpoint*"))
	if err != nil {
		return nil, newest, err
	}
	for _, path := range paths {
		tree, err := openCheckpoint(path, verifier, witness)
		if err != nil {
			return nil, newest, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		name := filepath.Base(path)
		if name == "checkpoint" {
			newest = tree
		} else if name != fmt.Sprintf("checkpoint.%d", tree.N) {
			return nil, newest, fmt.Errorf("%s is of size %d", name, tree.N)
		} else {
			trees = append(trees, tree)
		}
	}
	return trees, newest, nil
}

func openCheckpoint(path string, verifier, witness note.Verifier) (tree tlog.Tree, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(text, note.VerifierList(verifier, witness))
	if err != nil {
		return tree, err
	}
	if len(opened.Sigs) != 2 {
		return tree, fmt.Errorf("signed by %d of log and witness", len(opened.Sigs))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return tree, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// cosigner checks a witness's line (c2sp.org/tlog-cosignature), which x/mod does not know itself.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(sig)
	signed := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", at)), msg...)
	return ed25519.Verify(c.key, signed, sig[8:])
}

func witnessVerifier(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("no witness key in WITNESS")
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return nil, fmt.Errorf("not the key of a witness")
	}
	return &cosigner{parts[0], uint32(hash), ed25519.PublicKey(key[1:])}, nil
}

func readEntries(dir string, size int64) (entries [][]byte, err error) {
	for n := int64(0); n*width < size; n++ {
		tile := tlog.Tile{H: height, L: 0, N: n, W: width}
		if left := size - n*width; left < width {
			tile.W = int(left)
		}
		bundle, err := os.ReadFile(filepath.Join(dir, entriesPath(tile)))
		if err != nil {
			return nil, err
		}
		for len(bundle) > 0 {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("bundle %d ends in the middle of an entry", n)
			}
			length := 2 + int(binary.BigEndian.Uint16(bundle))
			entries = append(entries, bundle[2:length])
			bundle = bundle[length:]
		}
	}
	if int64(len(entries)) != size {
		return nil, fmt.Errorf("%d entries for a tree of %d", len(entries), size)
	}
	return entries, nil
}

// hashAll gives every hash of the tree, computed from the entries alone.
func hashAll(entries [][]byte) (tlog.HashReader, error) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	for n, entry := range entries {
		hashes, err := tlog.StoredHashes(int64(n), entry, reader)
		if err != nil {
			return nil, err
		}
		stored = append(stored, hashes...)
	}
	return reader, nil
}

// compareFiles demands every file a tree of this size has, and compares every one that is there.
func compareFiles(dir string, size int64, entries [][]byte, hashes tlog.HashReader) (int, error) {
	for _, tile := range tlog.NewTiles(height, 0, size) {
		// It lists every width a last tile has had on its way, where C2SP wants only the last.
		if hashes := size >> (height * tile.L); tile.W < width && int64(tile.W) != hashes%width {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, tilePath(tile))); err != nil {
			return 0, err
		}
	}
	files := 0
	err := filepath.Walk(filepath.Join(dir, "tile"), func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		files++
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		want, err := expected(name, entries, hashes)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if !bytes.Equal(content, want) {
			return fmt.Errorf("%s is not what the entries say", name)
		}
		return nil
	})
	return files, err
}

func expected(name string, entries [][]byte, hashes tlog.HashReader) ([]byte, error) {
	isBundle := strings.HasPrefix(name, "tile/entries/")
	spelt := strings.Replace(name, "tile/entries/", "tile/0/", 1)
	tile, err := tlog.ParseTilePath("tile/8" + strings.TrimPrefix(spelt, "tile"))
	if err != nil {
		return nil, err
	}
	if !isBundle {
		return tlog.ReadTileData(tile, hashes)
	}
	var bundle []byte
	for i := int64(0); i < int64(tile.W); i++ {
		entry := entries[tile.N*width+i]
		bundle = append(bundle, byte(len(entry)>>8), byte(len(entry)))
		bundle = append(bundle, entry...)
	}
	return bundle, nil
}

// tileReader reads published tiles; what is read is authenticated by tlog.TileHashReader.
type tileReader struct {
	dir   string
	tiles map[string][]byte
}

func (r *tileReader) Height() int                         { return height }
func (r *tileReader) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (r *tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	read := make([][]byte, len(tiles))
	for i, tile := range tiles {
		path := tilePath(tile)
		if r.tiles[path] == nil {
			content, err := os.ReadFile(filepath.Join(r.dir, path))
			if err != nil {
				return nil, err
			}
			r.tiles[path] = content
		}
		read[i] = r.tiles[path]
	}
	return read, nil
}

func proveAll(dir string, trees []tlog.Tree, newest tlog.Tree, entries [][]byte) error {
	reader := tlog.TileHashReader(newest, &tileReader{dir, map[string][]byte{}})
	for n, entry := range entries {
		proof, err := tlog.ProveRecord(newest.N, int64(n), reader)
		if err != nil {
			return fmt.Errorf("entry %d: %w", n, err)
		}
		err = tlog.CheckRecord(proof, newest.N, newest.Hash, int64(n), tlog.RecordHash(entry))
		if err != nil {
			return fmt.Errorf("entry %d: %w", n, err)
		}
	}
	for _, old := range trees {
		proof, err := tlog.ProveTree(newest.N, old.N, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, newest.N, newest.Hash, old.N, old.Hash); err != nil {
			return fmt.Errorf("from %d to %d: %w", old.N, newest.N, err)
		}
	}
	return nil
}

// checkGiven checks the proofs that our own prover made.
func checkGiven(path string, trees []tlog.Tree, newest tlog.Tree, entries [][]byte) (int, error) {
	roots := map[int64]tlog.Hash{newest.N: newest.Hash}
	for _, tree := range trees {
		roots[tree.N] = tree.Hash
	}
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	checked := 0
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if err := checkLine(strings.Fields(lines.Text()), roots, newest, entries); err != nil {
			return 0, fmt.Errorf("%s: %w", lines.Text(), err)
		}
		checked++
	}
	return checked, lines.Err()
}

func checkLine(words []string, roots map[int64]tlog.Hash, newest tlog.Tree, entries [][]byte) error {
	first, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil {
		return err
	}
	second, err := strconv.ParseInt(words[2], 10, 64)
	if err != nil {
		return err
	}
	var hashes []tlog.Hash
	for _, word := range words[3:] {
		hash, err := tlog.ParseHash(word)
		if err != nil {
			return err
		}
		hashes = append(hashes, hash)
	}
	if words[0] == "inclusion" {
		leaf := tlog.RecordHash(entries[first])
		return tlog.CheckRecord(tlog.RecordProof(hashes), second, newest.Hash, first, leaf)
	}
	return tlog.CheckTree(tlog.TreeProof(hashes), second, roots[second], first, roots[first])
}

// tilePath is without the height, which C2SP's paths leave out.
func tilePath(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}

func entriesPath(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
}
