CREATE ROLE "Prüfer";
