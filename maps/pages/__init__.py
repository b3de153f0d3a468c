"""The pages: public map, command centre, officer's page with its service worker, sign-in and account."""
