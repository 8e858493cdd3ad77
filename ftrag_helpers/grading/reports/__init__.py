"""What an instructor gets: tables, pages, the class overview, the gradebook."""
