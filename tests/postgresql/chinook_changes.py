"""What a shop's programs write, in words that PostgreSQL and SQLite both understand. Some fails on a constraint."""

TEXTS = ["plain", "", "O''Reilly", "back\\slash", "two\nlines", "tab\there", "Ünïcödé 日本 🎵", "NULL", "x" * 40]


def random_change(chance):
    """The statements of one transaction."""
    artist, album, line = chance.randrange(275), chance.randrange(340), chance.randrange(2200)
    text = chance.choice(TEXTS)
    any_line = f"(SELECT invoice_line_id FROM invoice_line ORDER BY invoice_line_id LIMIT 1 OFFSET {line})"
    price = f"{chance.randrange(100)}.{chance.randrange(100):02}"
    return chance.choice([
        lambda: [f"INSERT INTO artist SELECT max(artist_id) + 1, '{text}' FROM artist;"],
        lambda: [f"INSERT INTO album SELECT max(album_id) + 1, '{text}', {artist} FROM album;"],
        lambda: [f"UPDATE track SET unit_price = {price}, composer = NULL WHERE track_id = {chance.randrange(3503)};"],
        lambda: [f"UPDATE track SET composer = '{text}', bytes = NULL WHERE track_id = {chance.randrange(3503)};"],
        lambda: [f"UPDATE customer SET city = '{text}', state = NULL WHERE customer_id = {chance.randrange(60)};"],
        lambda: [f"UPDATE invoice SET total = {price}, invoice_date = '2024-02-{chance.randrange(1, 30):02} 12:34:56'"
                 f" WHERE invoice_id = {chance.randrange(412)};"],
        lambda: [f"DELETE FROM playlist_track WHERE playlist_id = {chance.randrange(18)}"
                 f" AND track_id < {chance.randrange(400)};"],
        lambda: [f"INSERT INTO playlist_track VALUES ({chance.randrange(1, 19)}, {chance.randrange(3503)});"],
        lambda: [f"DELETE FROM invoice_line WHERE invoice_line_id = {any_line};"],
        lambda: [f"DELETE FROM album WHERE album_id = {album};"],  # kept by its tracks
        lambda: [f"UPDATE invoice_line SET invoice_line_id = invoice_line_id + 100000"
                 f" WHERE invoice_line_id = {any_line};"],
        lambda: [f"UPDATE playlist_track SET track_id = {chance.randrange(3503)} WHERE playlist_id = 1"
                 f" AND track_id = {chance.randrange(3503)};"],
        lambda: [f"UPDATE employee SET reports_to = {chance.randrange(1, 9)}, title = NULL, hire_date = NULL"
                 f" WHERE employee_id = {chance.randrange(9)};"],
        lambda: [f"INSERT INTO invoice_line SELECT max(invoice_line_id) + 1, {chance.randrange(412)},"
                 f" {chance.randrange(3503)}, 0.99, {chance.randrange(5)} FROM invoice_line;"],
        lambda: [f"INSERT INTO playlist VALUES ({chance.randrange(30)}, '{text}')"
                 f" ON CONFLICT (playlist_id) DO UPDATE SET name = '{text}';"],
        lambda: [f"INSERT INTO artist SELECT artist_id + 5000, name FROM artist WHERE artist_id = {artist};",
                 f"UPDATE album SET artist_id = artist_id + 5000 WHERE artist_id = {artist};",
                 f"DELETE FROM artist WHERE artist_id = {artist};"],
    ])()
