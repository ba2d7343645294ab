"""The resident process of a data folder: started, asked, waited for, and let go."""
