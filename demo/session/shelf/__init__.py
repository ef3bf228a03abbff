"""A visitor's shelf: trained sets that are kept while another one is on the page, and asked together with it."""
