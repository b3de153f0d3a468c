"""The law in the store: the current law book, the competence list, the calendar, and checks of them."""
